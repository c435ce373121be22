package imageheader

import "testing"

func icoFile(pictures ...[]byte) []byte {
	at := icoHeader + icoEntry*len(pictures)
	file := join(le16(0), le16(1), le16(len(pictures)))
	for i, p := range pictures {
		file = join(file, []byte{byte(16 * (i + 1)), byte(16 * (i + 1)), 0, 0, 1, 0, 32, 0}, le32(len(p)), le32(at))
		at += len(p)
	}
	return join(file, join(pictures...))
}

func TestICO(t *testing.T) {
	bmp := join(le32(bmpInfo), le32(16), le32(32), le16(1), le16(24), make([]byte, 24))
	png := join([]byte(pngSignature), pngIHDR(300, 200, 8, pngRGBA))
	h := parse(t, icoFile(bmp, png, bmp))
	if h.Width != 300 || h.Height != 200 || !h.Alpha || h.ICO.Largest != 1 || len(h.ICO.Entries) != 3 || !h.ICO.Entries[1].PNG || h.ICO.Entries[0].Bits != 24 {
		t.Errorf("got %+v", h.ICO)
	}
	if e := h.ICO.Entries[2]; e.Width != 16 || e.Height != 16 || e.PNG || string(e.Data) != string(bmp) {
		t.Errorf("got %+v", e)
	}
	for name, file := range map[string][]byte{"a cursor": {0, 0, 2, 0, 1, 0}, "no entry": icoFile(), "beyond the end": icoFile(nil), "cut": icoFile(bmp)[:40]} {
		if h, err := Parse(file); err == nil {
			t.Errorf("%s: %+v", name, h.ICO)
		}
	}
}
