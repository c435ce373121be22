// Package pages reads the project's documentation for tests of what it says.
package pages

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
)

// Read returns all pages below the project's root, by their path with slashes.
func Read(root string) (map[string]string, error) {
	found := map[string]string{}
	for _, pattern := range []string{"*.md", "docs/*.md", "findings/*.md"} {
		files, err := filepath.Glob(filepath.Join(root, pattern))
		if err != nil {
			return nil, err
		}
		for _, file := range files {
			text, err := os.ReadFile(file)
			if err != nil {
				return nil, err
			}
			name, err := filepath.Rel(root, file)
			if err != nil {
				return nil, err
			}
			found[filepath.ToSlash(name)] = string(text)
		}
	}
	if len(found) < 20 {
		return nil, fmt.Errorf("only %d pages are in %s", len(found), root)
	}
	return found, nil
}

// Block is a fenced block of a page.
type Block struct{ Language, Text string }

var fence = regexp.MustCompile("(?ms)^ *```(\\w*)\n(.*?)^ *```$")

// Blocks returns a page's blocks, also those in lists.
func Blocks(page string) (found []Block) {
	for _, m := range fence.FindAllStringSubmatch(page, -1) {
		found = append(found, Block{m[1], m[2]})
	}
	return found
}

// BlocksIn returns the texts of a page's blocks in a language.
func BlocksIn(page, language string) (texts []string) {
	for _, block := range Blocks(page) {
		if block.Language == language {
			texts = append(texts, block.Text)
		}
	}
	return texts
}

// WithoutBlocks returns a page without its blocks.
func WithoutBlocks(page string) string { return fence.ReplaceAllString(page, "") }
