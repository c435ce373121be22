// Package calotype holds the words that the edge and the workers share: which
// presets there are, how a variant of a source is named, under which key its
// rendition is kept, what a job says, and what a rendition records of its
// origin. It does no I/O and imports the standard library only, so that the
// same code decides in a worker, in an HTTP server and inside Lambda@Edge.
//
// A source is an original picture in the bucket. A variant is a preset and a
// format, written "M" (the source's own format) or "M.webp". A rendition is
// the object that a variant of a source is kept in.
package calotype
