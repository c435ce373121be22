package calotype

import (
	"errors"
	"fmt"
	"path"
	"strings"
	"unicode/utf8"
)

// maxKey is the maximum length of an S3 key, in bytes.
// https://docs.aws.amazon.com/AmazonS3/latest/userguide/object-keys.html
const maxKey = 1024

// Prefix is the folder of the bucket that holds the renditions, such as "resized",
// without slashes at its ends. A key under it is never a source.
type Prefix string

// ParsePrefix parses a prefix as an operator writes it: "resized", "/resized/".
func ParsePrefix(s string) (Prefix, error) {
	p := strings.Trim(s, "/")
	if p == "" {
		return "", errors.New("empty: renditions need a separate folder, such as resized")
	}
	if err := CheckKey(p); err != nil {
		return "", err
	}
	if path.Clean(p) != p {
		return "", fmt.Errorf("%q has an empty segment", s)
	}
	return Prefix(p), nil
}

// UnmarshalText is [ParsePrefix].
func (p *Prefix) UnmarshalText(text []byte) (err error) {
	*p, err = ParsePrefix(string(text))
	return err
}

// RenditionKey returns the key of a source's rendition:
// "resized/M.webp/cats/kitty.jpg".
func (p Prefix) RenditionKey(v Variant, source string) string {
	return string(p) + "/" + v.String() + "/" + source
}

// FailureKey returns the key of the object that records why a source cannot be rendered:
// "resized/.failed/cats/kitty.jpg". No variant has this name. It reports false if the key
// is too long for S3.
func (p Prefix) FailureKey(source string) (string, bool) {
	key := string(p) + "/.failed/" + source
	return key, len(key) <= maxKey
}

// InfoKey returns the key of a source's [Info]: "resized/.info/cats/kitty.jpg". No variant has
// this name. It reports false if the key is too long for S3.
func (p Prefix) InfoKey(source string) (string, bool) {
	key := string(p) + "/.info/" + source
	return key, len(key) <= maxKey
}

// ParseRenditionKey is the inverse of [Prefix.RenditionKey].
func (p Prefix) ParseRenditionKey(key string) (Variant, string, error) {
	rest, ok := strings.CutPrefix(key, string(p)+"/")
	if !ok {
		return Variant{}, "", fmt.Errorf("key %q is not under %s/", key, p)
	}
	variant, source, ok := strings.Cut(rest, "/")
	if !ok {
		return Variant{}, "", fmt.Errorf("key %q names no source", key)
	}
	v, err := ParseVariant(variant)
	if err != nil {
		return Variant{}, "", fmt.Errorf("key %q: %w", key, err)
	}
	if err := p.CheckSource(source); err != nil {
		return Variant{}, "", err
	}
	return v, source, nil
}

// Contains reports whether a key is the prefix or is under it. It includes keys that a
// store would place there if it folds slashes and dots.
func (p Prefix) Contains(key string) bool {
	folded := strings.TrimPrefix(path.Clean("/"+key), "/")
	return folded == string(p) || strings.HasPrefix(folded, string(p)+"/")
}

// CheckSource returns an error if a key cannot be a source.
func (p Prefix) CheckSource(key string) error {
	if err := CheckKey(key); err != nil {
		return err
	}
	if p.Contains(key) {
		return fmt.Errorf("key %q is under %s/, which holds renditions only", key, p)
	}
	return nil
}

// CheckKey returns an error if a string cannot be a key: if it is empty, too long for
// S3, not UTF-8, or has a "." or ".." segment. S3 takes those segments literally, but
// HTTP clients resolve them.
func CheckKey(key string) error {
	switch {
	case key == "":
		return errors.New("empty key")
	case len(key) > maxKey:
		return fmt.Errorf("key of %d bytes: S3 allows %d", len(key), maxKey)
	case !utf8.ValidString(key):
		return fmt.Errorf("key %q is not UTF-8", key)
	case strings.ContainsRune(key, 0):
		return fmt.Errorf("key %q has a NUL", key)
	}
	for segment := range strings.SplitSeq(key, "/") {
		if segment == "." || segment == ".." {
			return fmt.Errorf("key %q has a %q segment", key, segment)
		}
	}
	return nil
}
