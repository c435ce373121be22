package render

// Native is what libvips counts of its own memory, in bytes and in allocations. It does not
// include memory that the decoders allocate themselves, such as the coefficients of a
// progressive JPEG.
type Native struct{ Bytes, Highest, Pieces int64 }
