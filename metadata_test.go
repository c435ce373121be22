package calotype

import (
	"reflect"
	"slices"
	"testing"
)

// A field of the lineage that is written must be in the list.
func TestMetadataNames(t *testing.T) {
	var full Lineage
	fill(reflect.ValueOf(&full).Elem())
	names := MetadataNames()
	for name := range full.Metadata() {
		if !slices.Contains(names, name) {
			t.Errorf("%s is missing in %v", name, names)
		}
	}
	if !slices.Contains(names, CacheTagMetadata) {
		t.Errorf("the tag is missing in %v", names)
	}
}

// fill sets all fields to values that are not zero.
func fill(v reflect.Value) {
	switch v.Kind() {
	case reflect.String:
		v.SetString("x")
	case reflect.Int:
		v.SetInt(1)
	case reflect.Float64:
		v.SetFloat(1)
	case reflect.Bool:
		v.SetBool(true)
	case reflect.Struct:
		for _, field := range v.Fields() {
			fill(field)
		}
	}
}
