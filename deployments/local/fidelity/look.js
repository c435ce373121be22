// look.js measures what a browser shows of pictures. It reads pixels back from a canvas,
// which holds them as the page would show them, converted to sRGB.

const GRID = 16
// The maximum number of pixels of a canvas. A larger picture is drawn smaller.
const MAX_PIXELS = 1 << 24

const context = (width, height) => {
  const canvas = document.createElement('canvas')
  canvas.width = width
  canvas.height = height
  return canvas.getContext('2d', { colorSpace: 'srgb', willReadFrequently: true })
}

// sample draws a picture and returns its mean colours in a grid of cells, premultiplied,
// and the colours in the middles of its quadrants.
const sample = (picture, width, height) => {
  const scale = Math.min(1, Math.sqrt(MAX_PIXELS / (width * height)))
  const w = Math.max(1, Math.round(width * scale)), h = Math.max(1, Math.round(height * scale))
  const drawn = context(w, h)
  drawn.drawImage(picture, 0, 0, w, h)
  const { data } = drawn.getImageData(0, 0, w, h, { colorSpace: 'srgb' })
  const cells = []
  for (let row = 0; row < GRID; row++) {
    for (let column = 0; column < GRID; column++) {
      cells.push(...mean(data, w, span(column, w), span(row, h)))
    }
  }
  const at = (x, y) => {
    const i = 4 * (Math.floor(y * h) * w + Math.floor(x * w))
    return Array.from(data.subarray(i, i + 4))
  }
  return { cells, middles: [at(0.25, 0.25), at(0.75, 0.25), at(0.25, 0.75), at(0.75, 0.75)] }
}

// span is the range of pixels of one cell, at least one.
const span = (i, size) => {
  const from = Math.min(size - 1, Math.floor(i * size / GRID))
  return [from, Math.max(from + 1, Math.floor((i + 1) * size / GRID))]
}

const mean = (data, width, [x0, x1], [y0, y1]) => {
  let r = 0, g = 0, b = 0, a = 0
  for (let y = y0; y < y1; y++) {
    for (let i = 4 * (y * width + x0), end = 4 * (y * width + x1); i < end; i += 4) {
      const alpha = data[i + 3] / 255
      r += data[i] * alpha
      g += data[i + 1] * alpha
      b += data[i + 2] * alpha
      a += data[i + 3]
    }
  }
  const n = (x1 - x0) * (y1 - y0)
  return [r, g, b, a].map(sum => Math.round(10 * sum / n) / 10)
}

// load resolves to an element that shows the picture, or null for a broken one.
const load = url => new Promise(resolve => {
  const element = new Image()
  element.onload = () => resolve(element.naturalWidth > 0 ? element : null)
  // Firefox says so of a damaged picture, and shows what there is.
  element.onerror = () => resolve(element.naturalWidth > 0 ? element : null)
  element.src = url
})

// frames decodes an animation. A still, and what the decoder does not know, has none.
const frames = async (url, type) => {
  if (!type || typeof ImageDecoder === 'undefined' || !await ImageDecoder.isTypeSupported(type)) {
    return {}
  }
  const data = await (await fetch(url)).arrayBuffer()
  const decoder = new ImageDecoder({ data, type, preferAnimation: true })
  try {
    await decoder.completed
    await decoder.tracks.ready
    const track = decoder.tracks.selectedTrack
    if (track.frameCount < 2) return {}
    const found = []
    for (let frameIndex = 0; frameIndex < track.frameCount; frameIndex++) {
      let image
      try {
        image = (await decoder.decode({ frameIndex })).image
      } catch {
        break // The rest is damaged.
      }
      found.push({ milliseconds: (image.duration ?? 0) / 1000, ...sample(image, image.displayWidth, image.displayHeight) })
      image.close()
    }
    return { frames: found, repetitions: track.repetitionCount === Infinity ? -1 : track.repetitionCount }
  } catch {
    return {} // <img> says whether the picture is shown.
  } finally {
    decoder.close()
  }
}

// see samples an element. Firefox refuses to draw a damaged picture until it was shown,
// so that is tried again.
const see = async (element, width, height) => {
  for (let attempt = 0; ; attempt++) {
    try {
      return sample(element, width, height)
    } catch {
      if (attempt === 20) return null
      document.body.append(element)
      await new Promise(resolve => setTimeout(resolve, 100))
    }
  }
}

const lookAt = async ({ url, type }) => {
  const element = await load(url)
  if (!element) return { shown: false }
  const width = element.naturalWidth, height = element.naturalHeight
  const seen = await see(element, width, height)
  element.remove()
  if (!seen) return { shown: false }
  return { shown: true, width, height, ...seen, ...await frames(url, type) }
}

// look measures pictures, several at once.
globalThis.look = async pictures => {
  const looks = new Array(pictures.length)
  let next = 0
  const some = async () => {
    while (next < pictures.length) {
      const i = next++
      looks[i] = await lookAt(pictures[i])
    }
  }
  await Promise.all([some(), some(), some(), some()])
  return JSON.stringify(looks)
}
