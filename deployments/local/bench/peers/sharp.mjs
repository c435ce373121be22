// Makes renditions with sharp, each from the file, as its documentation shows:
//   node sharp.mjs '{"atOnce": 8, "webpEffort": 2, "jobs": [{"in", "out", "width", "height", "format"}]}'
import sharp from "sharp";

const { atOnce, webpEffort, jobs } = JSON.parse(process.argv[2]);
if (!jobs) {
  console.log(`${sharp.versions.sharp}, libvips ${sharp.versions.vips}, libwebp ${sharp.versions.webp}`);
  process.exit();
}
sharp.concurrency(1); // As many concurrent pictures as slots, one thread each, as in Calotype.
sharp.cache(false);

const options = {
  jpeg: { quality: 80 },
  webp: { quality: 80, effort: webpEffort },
  avif: { quality: 60, effort: 1 },
  png: { compressionLevel: 6, adaptiveFiltering: true },
  gif: { effort: 4 },
};

async function work() {
  for (let job = jobs.pop(); job; job = jobs.pop()) {
    await sharp(job.in, { animated: job.format === "gif" })
      .rotate()
      .resize(job.width, job.height, { fit: "inside", withoutEnlargement: true })
      .toFormat(job.format, options[job.format])
      .toFile(job.out);
  }
}
await Promise.all(Array.from({ length: atOnce }, work));
