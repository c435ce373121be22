package cases

import (
	"fmt"
	"slices"
)

// hevc is a coded picture with more properties.
func hevc(name string, more ...property) item {
	depths := []byte{8, 8, 8}
	if name == "alpha" {
		depths = []byte{8}
	}
	properties := []property{ispe(Width, Height), pixi(depths...), {box("hvcC", payload("hvcc-"+name)), true}}
	return item{kind: "hvc1", body: payload("hevc-" + name), properties: append(properties, more...)}
}

func heic(items ...item) heif { return heif{brands: "heicmif1heicmiaf", items: items} }

// upright is where the quadrants are after a turn anticlockwise and a mirroring.
func upright(quarters, axis int) (int, int, [4]Colour) {
	width, height, q := Width, Height, Quadrants
	for range quarters {
		width, height = height, width
		q = [4]Colour{q[1], q[3], q[0], q[2]}
	}
	switch axis {
	case 0:
		q = [4]Colour{q[2], q[3], q[0], q[1]}
	case 1:
		q = [4]Colour{q[1], q[0], q[3], q[2]}
	}
	return width, height, q
}

func addHEIC(s *set) {
	add := func(class, name string, h heif, quarters, axis int) *Case {
		c := s.add(class, "heic-"+name+".heic", h.body())
		c.shows(upright(quarters, axis))
		return c
	}
	for quarters := range 4 {
		for axis := -1; axis < 2; axis++ {
			properties, name := []property{irot(quarters)}, fmt.Sprintf("irot-%d", quarters)
			if axis >= 0 {
				properties, name = append(properties, imir(axis)), name+fmt.Sprintf("-imir-%d", axis)
			}
			add("heic-turn", name, heic(hevc("420", properties...)), quarters, axis)
		}
	}
	withEXIF := func(o int, properties ...property) heif {
		h := heic(hevc("420", properties...), exifItem(turned(o)))
		h.references = []reference{{"cdsc", 2, []int{1}}}
		return h
	}
	add("heic-turn", "irot-3-exif-6", withEXIF(6, irot(3)), 3, -1)
	add("heic-turn", "exif-6", withEXIF(6), 0, -1)
	add("heic-kinds", "plain", heic(hevc("420")), 0, -1)
	add("heic-kinds", "444", heic(hevc("444")), 0, -1)
	add("heic-kinds", "clap", heic(hevc("420", clap(128, 80, 0, 0))), 0, -1).shows(128, 80, Quadrants)
	add("heic-kinds", "nclx-srgb", heic(hevc("420", nclx(1, 13, 6, true))), 0, -1)
	add("heic-kinds", "icc-p3", heic(hevc("420", prof(profileRGB(primariesP3, 0)))), 0, -1).shows(Width, Height, fromP3())
	add("heic-kinds", "nclx-p3", heic(hevc("420", nclx(12, 13, 6, true))), 0, -1).shows(Width, Height, fromP3())
	alpha := heic(hevc("420"), hevc("alpha", auxC(urnAlphaHEVC)))
	alpha.items[1].hidden = true
	alpha.references = []reference{{"auxl", 2, []int{1}}}
	soft := Quadrants
	for q := range soft {
		soft[q][3] = softs[q]
	}
	add("heic-kinds", "alpha", alpha, 0, -1).shows(Width, Height, soft)
	addHEICOfPhones(add)
	whole := heic(hevc("420")).body()
	s.add("heic-damage", "heic-cut-half.heic", whole[:len(whole)-250])
	s.add("heic-damage", "heic-cut-header.heic", whole[:60])
}

// addHEICOfPhones adds the shapes of phones: a grid of tiles with a gain map, and since
// iOS 18 a tone-mapped picture that shares gain map and EXIF with it.
func addHEICOfPhones(add func(string, string, heif, int, int) *Case) {
	grid := func(turn property) []item {
		items := []item{
			{kind: "grid", body: slices.Concat([]byte{0, 0, 0, 0}, b16(Width, Height)), properties: []property{ispe(Width, Height), pixi(8, 8, 8), turn}},
			hevc("420"), hevc("alpha", auxC(urnGainMap)), exifItem(turned(6))}
		items[1].hidden, items[2].hidden = true, true
		return items
	}
	old := heic(grid(irot(3))...)
	old.references = []reference{{"dimg", 1, []int{2}}, {"auxl", 3, []int{1}}, {"cdsc", 4, []int{1}}}
	add("heic-phone", "ios-17", old, 3, -1)

	tmap := item{kind: "tmap", body: toneMap(), properties: []property{ispe(Width, Height), pixi(10, 10, 10), irot(3), nclx(12, 16, 6, true)}}
	recent := heic(append(grid(irot(3)), tmap)...)
	recent.brands = "heicmif1heicmiaftmap"
	recent.references = []reference{{"dimg", 1, []int{2}}, {"auxl", 3, []int{1, 5}}, {"cdsc", 4, []int{1, 5}}, {"dimg", 5, []int{1, 3}}}
	recent.groups = box("grpl", fullBox("altr", 0, 0, b32(100, 2, 5, 1)))
	add("heic-phone", "ios-18", recent, 3, -1)

	level := recent
	level.items = append(grid(irot(0)), item{kind: "tmap", body: toneMap(), properties: []property{ispe(Width, Height), pixi(10, 10, 10), nclx(12, 16, 6, true)}})
	add("heic-phone", "ios-18-level", level, 0, -1)
	onlyEXIF := recent
	onlyEXIF.references = []reference{{"dimg", 1, []int{2}}, {"auxl", 3, []int{1}}, {"cdsc", 4, []int{1, 5}}, {"dimg", 5, []int{1, 3}}}
	add("heic-phone", "ios-18-shared-exif", onlyEXIF, 3, -1)
	onlyAux := recent
	onlyAux.references = []reference{{"dimg", 1, []int{2}}, {"auxl", 3, []int{1, 5}}, {"cdsc", 4, []int{1}}, {"dimg", 5, []int{1, 3}}}
	add("heic-phone", "ios-18-shared-gain-map", onlyAux, 3, -1)
}

// toneMap is the gain map's metadata: ISO 21496-1, of one channel.
func toneMap() []byte {
	return slices.Concat([]byte{0}, b16(0, 0), []byte{0x40}, b32(0, 1, 1, 1), b32(0, 1, 1, 1, 1, 1, 1, 64, 1, 64))
}
