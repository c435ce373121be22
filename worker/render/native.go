package render

// Native is what libvips counts of its own memory, in bytes and in pieces. What the
// decoders take for themselves, such as the coefficients of a progressive JPEG, it
// does not see.
type Native struct{ Bytes, Highest, Pieces int64 }
