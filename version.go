package calotype

// Version is the version of all programs, of the image and of the chart. It is written only
// here; see docs/development.md for a release.
const Version = "0.1.0"
