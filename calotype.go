// Package calotype defines the concepts that edge and workers share: presets, variants
// and their names, the keys of renditions, the job message, and the lineage that a
// rendition records. It does no I/O and imports the standard library only, so that the
// same code runs in a worker, in an HTTP server and inside Lambda@Edge.
//
// A source is an original picture in the bucket. A variant is a preset and a format,
// written "M" (the source's own format) or "M.webp". A rendition is the object that
// stores a variant of a source.
package calotype
