"""Makes renditions with Pillow: each file decoded once, every size from that.

    pillow.py '{"atOnce": 8, "jobs": [{"in", "out", "width", "height", "format"}]}'
"""

import itertools
import json
import sys
from concurrent.futures import ThreadPoolExecutor

import PIL
from PIL import Image, ImageOps, ImageSequence

OPTIONS = {
    "jpeg": {"quality": 80, "optimize": True},
    "webp": {"quality": 80, "method": 2},
    "png": {"compress_level": 6},
    "bmp": {},
}


def scaled(picture, job):
    size = (job["width"], job["height"])
    if picture.mode == "P":
        picture = picture.convert("RGBA" if "transparency" in picture.info else "RGB")
    if job["format"] == "jpeg" and picture.mode != "RGB":
        picture = picture.convert("RGB")
    return picture.resize(size, Image.Resampling.LANCZOS)


def render(jobs):
    picture = Image.open(jobs[0]["in"])
    if jobs[0]["format"] == "gif":
        for job in jobs:
            first, *rest = [scaled(f.convert("RGBA"), job) for f in ImageSequence.Iterator(picture)]
            first.save(job["out"], "GIF", save_all=True, append_images=rest)
        return
    # Shrinks a JPEG while it is decoded, to no less than this, as it is stored.
    size = max(j["width"] for j in jobs), max(j["height"] for j in jobs)
    if picture.getexif().get(0x0112, 1) >= 5:
        size = size[::-1]
    picture.draft("RGB", size)
    picture = ImageOps.exif_transpose(picture)
    for job in jobs:
        scaled(picture, job).save(job["out"], job["format"].upper(), **OPTIONS[job["format"]])


arguments = json.loads(sys.argv[1])
if "jobs" not in arguments:
    print(PIL.__version__)
    sys.exit()
groups = [list(g) for _, g in itertools.groupby(arguments["jobs"], key=lambda j: j["group"])]
with ThreadPoolExecutor(arguments["atOnce"]) as pool:
    list(pool.map(render, groups))
