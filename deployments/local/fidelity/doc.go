// Package fidelity compares renditions with what a browser shows of their originals: size,
// turn, colours, alpha, frames and timing, for the pictures of package cases.
package fidelity
