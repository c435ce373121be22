package page_test

import (
	"context"
	"strings"
	"testing"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/chromedp"

	"calotype/deployments/local/browsertest"
)

// spoken are the roles that a screen reader announces or jumps to. Text within them is part
// of their names.
var spoken = map[string]bool{
	"RootWebArea": true, "banner": true, "main": true, "region": true, "heading": true, "list": true, "listitem": true, "link": true, "button": true,
	"searchbox": true, "status": true, "log": true, "DisclosureTriangle": true, "table": true, "row": true, "columnheader": true, "rowheader": true,
	"cell": true, "dialog": true, "alertdialog": true, "image": true, "slider": true, "alert": true,
}

// TestScreenReader holds the tree that a screen reader gets of the page.
func TestScreenReader(t *testing.T) {
	s := serve(t)
	s.put("folder/kitty.png", picture(400, 300), nil)
	s.publish("folder/kitty.png", "M", "")
	s.publish("folder/kitty.png", "S", "corrupt")
	s.deadLetter("folder/kitty.png", "too-many-pixels", "300 megapixels")
	ctx := browsertest.Start(t)
	do(t, ctx, "the page", chromedp.EmulateViewport(1400, 900), chromedp.Navigate(s.url),
		says("#status", "Live: 1 picture"), says("#dead-count", "1 dead letter"),
		says(`.card [data-variant="S"]`, "corrupt"))
	got := tree(t, ctx)
	if got != wantTree {
		t.Errorf("the tree is\n%s", got)
	}
}

// tree returns the page's accessibility tree as indented lines of role and name.
func tree(t *testing.T, ctx context.Context) string {
	t.Helper()
	var found struct {
		Nodes []*node `json:"nodes"`
	}
	do(t, ctx, "the accessibility tree", chromedp.ActionFunc(func(ctx context.Context) (err error) {
		return cdp.Execute(ctx, "Accessibility.getFullAXTree", nil, &found)
	}))
	byID := map[string]*node{}
	for _, node := range found.Nodes {
		byID[node.ID] = node
	}
	var b strings.Builder
	var walk func(node *node, depth int)
	walk = func(node *node, depth int) {
		role, _ := node.Role.Value.(string)
		name, _ := node.Name.Value.(string)
		name = strings.Join(strings.Fields(name), " ")
		if !node.Ignored && spoken[role] {
			b.WriteString(strings.TrimRight(strings.Repeat("  ", depth)+role+" "+name, " ") + "\n")
			depth++
		}
		for _, child := range node.Children {
			if next := byID[child]; next != nil {
				walk(next, depth)
			}
		}
	}
	walk(found.Nodes[0], 0)
	return b.String()
}

// node is a node of the accessibility tree, as
// https://chromedevtools.github.io/devtools-protocol/tot/Accessibility/ has it. chromedp's own
// type knows fewer properties than a newer browser has.
type node struct {
	ID       string   `json:"nodeId"`
	Children []string `json:"childIds"`
	Ignored  bool     `json:"ignored"`
	Role     axValue  `json:"role"`
	Name     axValue  `json:"name"`
}

type axValue struct {
	Value any `json:"value"`
}

const wantTree = `RootWebArea Calotype
  banner
    heading Calotype
    button Choose a picture
  region Overview
    list What the marks mean
      listitem
      listitem
      listitem
      listitem
    searchbox Filter by name
    status
  main
    list Uploads
    region Workers
      DisclosureTriangle Jobs: no jobs are waiting
      DisclosureTriangle Notifications: none yet
      DisclosureTriangle 1 dead letter
      DisclosureTriangle Presets
    list Pictures
      listitem
        link folder/kitty.png as XS WebP
        heading folder/kitty.png
        link Original: PNG · 2.2 kB · 400 × 300
        button Remove folder/kitty.png
        table Variants of folder/kitty.png
          row
            columnheader Format
            columnheader L
            columnheader M
            columnheader S
            columnheader XS
            columnheader SL
            columnheader SM
            columnheader SS
            columnheader SXS
          row
            rowheader PNG
            cell L PNG: original
              link L PNG: original
            cell M PNG: rendition 176 B 24 × 18
              link M PNG: rendition 176 B 24 × 18
            cell S PNG: kept 176 B corrupt
              link S PNG: kept 176 B corrupt
            cell XS PNG: original
              link XS PNG: original
            cell SL PNG: original
              link SL PNG: original
            cell SM PNG: original
              link SM PNG: original
            cell SS PNG: original
              link SS PNG: original
            cell SXS PNG: original
              link SXS PNG: original
          row
            rowheader WebP
            cell L WebP: original
              link L WebP: original
            cell M WebP: original
              link M WebP: original
            cell S WebP: original
              link S WebP: original
            cell XS WebP: original
              link XS WebP: original
            cell SL WebP: original
              link SL WebP: original
            cell SM WebP: original
              link SM WebP: original
            cell SS WebP: original
              link SS WebP: original
            cell SXS WebP: original
              link SXS WebP: original
`
