//go:build cgo

package render

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"io/fs"
	"os"
	"path/filepath"
	"runtime/debug"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/davidbyttow/govips/v2/vips"
	"golang.org/x/sync/errgroup"

	"calotype"
	"calotype/worker/failure"
)

// soak makes the tests in this file run with their full numbers ("make soak").
var soak = os.Getenv("CALOTYPE_SOAK") != ""

// whole are small pictures of every format that is written here.
func whole(t testing.TB) map[string][]byte {
	pictures := map[string][]byte{
		"gif": animatedGIF(t, 3, 160, 120),
		"rle": rleBMP("\x03\x01\x00\x00\x03\x00\x00\x01"),
	}
	drawn := pngOf(t, grainy(320, 240))
	for _, f := range []calotype.Format{calotype.JPEG, calotype.PNG, calotype.WebP, calotype.AVIF, calotype.BMP} {
		pictures[string(f)] = render(t, drawn, sized(320, 240, f, 80)).Body
	}
	animated := render(t, pictures["gif"], sized(160, 120, calotype.WebP, 80)).Body
	pictures["animated webp"] = animated
	return pictures
}

// nasty are pictures that are cut or have wrong bytes, and all files below the folder
// CALOTYPE_CORPUS.
func nasty(t testing.TB) map[string][]byte {
	pictures := map[string][]byte{}
	for name, body := range whole(t) {
		for i := 1; i < 8; i++ {
			at := len(body) * i / 8
			pictures[fmt.Sprintf("%s, cut at %d", name, at)] = body[:at]
			rotten := bytes.Clone(body)
			rotten[at] ^= 0x55
			pictures[fmt.Sprintf("%s, wrong at %d", name, at)] = rotten
			early := bytes.Clone(body)
			early[i*7%min(64, len(early))] ^= 0xff
			pictures[fmt.Sprintf("%s, wrong at %d", name, i*7%min(64, len(early)))] = early
		}
	}
	dir := os.Getenv("CALOTYPE_CORPUS")
	if dir == "" {
		return pictures
	}
	err := filepath.WalkDir(dir, func(path string, entry fs.DirEntry, err error) error {
		if err != nil || !entry.Type().IsRegular() {
			return err
		}
		pictures[path], err = os.ReadFile(path)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return pictures
}

// ending describes how a picture ended: its failure's class, or a digest of the renditions.
func ending(body []byte, limits Limits) (string, error) {
	p, err := Open(body, limits)
	if err == nil {
		digest := sha256.New()
		w, h := calotype.Box{Width: 427, Height: 240}.Fit(p.Width, p.Height)
		for r, renderErr := range p.Render([]Target{sized(w, h, p.Format.Own(), 80), sized(w, h, calotype.WebP, 80)}) {
			digest.Write(r.Body)
			err = renderErr
		}
		if err == nil {
			return fmt.Sprintf("%x", digest.Sum(nil)), nil
		}
	}
	var fault *failure.Failure
	if !errors.As(err, &fault) || fault.Class == "" || fault.Detail == "" {
		return "", fmt.Errorf("got %w, want a rendition or a fault with a detail", err)
	}
	return fault.Class, nil
}

// Every picture ends as renditions or with a failure, within its time and memory, and with
// the same result while 31 others are rendered.
func TestNastyPictures(t *testing.T) {
	limits := Limits{Pixels: 150_000_000, Frames: 1000, Time: 5 * time.Minute}
	pictures := nasty(t)
	endings, classes := map[string]string{}, map[string]int{}
	var slowest time.Duration
	var largest int64
	for name, body := range pictures {
		var err error
		before := peak(t)
		start := time.Now()
		if endings[name], err = ending(body, limits); err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		slowest = max(slowest, time.Since(start))
		grown := peakSince(t) - before
		largest = max(largest, grown)
		if took := time.Since(start); took > limits.Time {
			t.Errorf("%s: took %v", name, took)
		}
		// 16 bytes per pixel: four channels of 16 bits, twice.
		if p, err := Open(body, limits); err == nil && grown > 100<<20+16*int64(p.Width)*int64(p.Height)*int64(p.Frames) {
			t.Errorf("%s: %dx%d pixels in %d frames took %d MB", name, p.Width, p.Height, p.Frames, grown>>20)
		}
		class := endings[name]
		if len(class) == 2*sha256.Size {
			class = "rendered"
		}
		classes[class]++
	}
	vips.AssertNoLeaks(t)

	var beside errgroup.Group
	beside.SetLimit(32)
	for name, body := range pictures {
		beside.Go(func() error {
			if got, err := ending(body, limits); err != nil || got != endings[name] {
				return fmt.Errorf("%s: alone %s, with others beside it %s, %w", name, endings[name], got, err)
			}
			return nil
		})
	}
	if err := beside.Wait(); err != nil {
		t.Error(err)
	}
	vips.AssertNoLeaks(t)
	// A thread of libvips frees its buffers when it ends, which may be after its picture.
	var stats vips.MemoryStats
	for deadline := time.Now().Add(10 * time.Second); ; time.Sleep(50 * time.Millisecond) {
		if vips.ReadVipsMemStats(&stats); stats.Mem == 0 && stats.Files == 0 {
			break
		}
		if time.Now().After(deadline) {
			t.Errorf("libvips holds %d bytes and %d files", stats.Mem, stats.Files)
			break
		}
	}
	t.Logf("%d pictures: %v; the slowest took %v, the largest %d MB", len(pictures), classes, slowest.Round(time.Millisecond), largest>>20)
}

// A header that declares a picture over the limit is refused. With soak that takes under 50
// ms and 20 MB.
func TestHeaderBombs(t *testing.T) {
	for name, body := range bombs() {
		debug.FreeOSMemory()
		before := peak(t)
		start := time.Now()
		_, err := Open(body, Limits{Pixels: 150_000_000, Frames: 1000})
		took, grown := time.Since(start), peakSince(t)-before
		var fault *failure.Failure
		if !errors.As(err, &fault) || fault.Class != failure.TooManyPixels {
			t.Errorf("%s: got %v, want %s", name, err, failure.TooManyPixels)
		}
		if soak && (took > 50*time.Millisecond || grown > 20<<20) {
			t.Errorf("%s: took %v and %d MB", name, took, grown>>20)
		}
		t.Logf("%s: %v, %d kB", name, took, grown>>10)
	}
	vips.AssertNoLeaks(t)
}

// bombs are headers of pictures of 400 or 900 megapixels, with almost no pixels.
func bombs() map[string][]byte {
	chunk := func(name, body string) string {
		b := binary.BigEndian.AppendUint32(nil, uint32(len(body)))
		b = append(b, name+body...)
		return string(binary.BigEndian.AppendUint32(b, crc32.ChecksumIEEE([]byte(name+body))))
	}
	bmp := rleBMP("\x00\x01")
	binary.LittleEndian.PutUint32(bmp[18:], 20000)
	binary.LittleEndian.PutUint32(bmp[22:], 20000)
	entry := func(tag, kind uint16, value uint32) string {
		b := binary.LittleEndian.AppendUint16(nil, tag)
		b = binary.LittleEndian.AppendUint16(b, kind)
		b = binary.LittleEndian.AppendUint32(b, 1)
		return string(binary.LittleEndian.AppendUint32(b, value))
	}
	return map[string][]byte{
		"png":  []byte("\x89PNG\r\n\x1a\n" + chunk("IHDR", "\x00\x00\x75\x30\x00\x00\x75\x30\x08\x06\x00\x00\x00") + chunk("IDAT", "x\x9cc\x00\x00\x00\x02\x00\x01") + chunk("IEND", "")),
		"jpeg": []byte("\xff\xd8\xff\xc2\x00\x11\x08\x75\x30\x75\x30\x03\x01\x22\x00\x02\x11\x00\x03\x11\x00\xff\xda\x00\x0c\x03\x01\x00\x02\x00\x03\x00\x00\x00\x00\xff\xd9"),
		"gif":  []byte("GIF89a\x30\x75\x30\x75\x80\x00\x00\x00\x00\x00\xff\xff\xff\x2c\x00\x00\x00\x00\x30\x75\x30\x75\x00\x02\x02\x44\x01\x00\x3b"),
		"bmp":  bmp,
		"tiff": []byte("II*\x00\x08\x00\x00\x00\x08\x00" + entry(256, 4, 30000) + entry(257, 4, 30000) + entry(258, 3, 8) + entry(259, 3, 1) +
			entry(262, 3, 1) + entry(273, 4, 8) + entry(278, 4, 30000) + entry(279, 4, 10) + "\x00\x00\x00\x00"),
	}
}

// Memory does not grow: for 20,000 pictures with soak, the last quarter's is at most 1.05
// times the second's.
func TestMemoryStays(t *testing.T) {
	count := 200
	if soak {
		count = 20_000
	}
	var pictures [][]byte
	for _, body := range whole(t) {
		pictures = append(pictures, body)
	}
	for name, body := range nasty(t) {
		if strings.Contains(name, ", ") && len(pictures) < 40 {
			pictures = append(pictures, body)
		}
	}
	samples := make([]float64, 0, 100)
	for range cap(samples) {
		var beside errgroup.Group
		beside.SetLimit(4)
		for i := range count / cap(samples) {
			beside.Go(func() error {
				_, err := ending(pictures[(len(samples)+i)%len(pictures)], Limits{Pixels: 150_000_000, Frames: 1000})
				return err
			})
		}
		if err := beside.Wait(); err != nil {
			t.Fatal(err)
		}
		samples = append(samples, float64(resident(t)))
	}
	quarter := func(i int) float64 {
		q := slices.Sorted(slices.Values(samples[25*i : 25*(i+1)]))
		return q[len(q)/2]
	}
	t.Logf("%d pictures: %.1f MB in the second quarter, %.1f in the last", count, quarter(1)/1e6, quarter(3)/1e6)
	if soak && quarter(3) > 1.05*quarter(1) {
		t.Errorf("grew by %.3f", quarter(3)/quarter(1))
	}
	vips.AssertNoLeaks(t)
}

// peak resets the maximum of this process's memory, and returns the present value. Outside
// Linux the values are 0.
func peak(t testing.TB) int64 {
	if err := os.WriteFile("/proc/self/clear_refs", []byte("5"), 0); err != nil && !errors.Is(err, fs.ErrNotExist) {
		t.Fatal(err)
	}
	return resident(t)
}

func peakSince(t testing.TB) int64 { return status(t, "VmHWM:") }
func resident(t testing.TB) int64  { return status(t, "VmRSS:") }

func status(t testing.TB, field string) int64 {
	t.Helper()
	all, err := os.ReadFile("/proc/self/status")
	if errors.Is(err, fs.ErrNotExist) {
		return 0
	} else if err != nil {
		t.Fatal(err)
	}
	_, rest, _ := strings.Cut(string(all), field)
	kB, err := strconv.ParseInt(strings.Fields(rest)[0], 10, 64)
	if err != nil {
		t.Fatal(err)
	}
	return kB << 10
}
