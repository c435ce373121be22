//go:build wasip1 && !sabotage

package main

func sabotage([]byte) {}
