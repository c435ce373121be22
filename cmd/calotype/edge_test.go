package main

import "testing"

func TestAllowOriginFlag(t *testing.T) {
	for value, valid := range map[string]bool{
		"*": true, "none": true, "https://shop.example": true, "http://localhost:3000": true,
		"shop.example": false, "https://shop.example/": false, "https://Shop.example": false, "https://a.example https://b.example": false, "": false, "null": false, "a\nb": false,
	} {
		if errs := checkOrigin(value); (len(errs) == 0) != valid {
			t.Errorf("%q: got %v, want it valid: %v", value, errs, valid)
		}
	}
}
