package main

/*
#cgo pkg-config: libjpeg libwebp
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <jpeglib.h>
#include <webp/decode.h>
#include <webp/encode.h>

typedef struct {
	uint8_t *pixels; // RGB.
	int width, height;
} picture;

static int64_t cpu(void) {
	struct timespec now;
	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
	return now.tv_sec * 1000000000LL + now.tv_nsec;
}

// An error of libjpeg ends the process: the pictures are sound.

static void open_jpeg(struct jpeg_decompress_struct *jpeg, struct jpeg_error_mgr *errors, const uint8_t *body, size_t size) {
	jpeg->err = jpeg_std_error(errors);
	jpeg_create_decompress(jpeg);
	jpeg_mem_src(jpeg, body, size);
	jpeg_read_header(jpeg, TRUE);
}

static picture read_jpeg(const uint8_t *body, size_t size, int shrink) {
	struct jpeg_decompress_struct jpeg;
	struct jpeg_error_mgr errors;
	open_jpeg(&jpeg, &errors, body, size);
	jpeg.scale_num = 1;
	jpeg.scale_denom = shrink;
	jpeg.out_color_space = JCS_RGB;
	jpeg_start_decompress(&jpeg);
	const size_t row = (size_t) jpeg.output_width * 3;
	picture p = {malloc(row * jpeg.output_height), jpeg.output_width, jpeg.output_height};
	while (jpeg.output_scanline < jpeg.output_height) {
		JSAMPROW rows[16];
		for (int i = 0; i < 16; i++)
			rows[i] = p.pixels + row * (jpeg.output_scanline + i);
		const int left = jpeg.output_height - jpeg.output_scanline;
		jpeg_read_scanlines(&jpeg, rows, left < 16 ? left : 16);
	}
	jpeg_finish_decompress(&jpeg);
	jpeg_destroy_decompress(&jpeg);
	return p;
}

// read_size reads the header only.
static void read_size(const uint8_t *body, size_t size, int *width, int *height) {
	struct jpeg_decompress_struct jpeg;
	struct jpeg_error_mgr errors;
	open_jpeg(&jpeg, &errors, body, size);
	*width = jpeg.image_width;
	*height = jpeg.image_height;
	jpeg_destroy_decompress(&jpeg);
}

static unsigned long write_jpeg(picture p, int quality, uint8_t **out) {
	struct jpeg_compress_struct jpeg;
	struct jpeg_error_mgr errors;
	unsigned long size = 0;
	*out = NULL;
	jpeg.err = jpeg_std_error(&errors);
	jpeg_create_compress(&jpeg);
	jpeg_mem_dest(&jpeg, out, &size);
	jpeg.image_width = p.width;
	jpeg.image_height = p.height;
	jpeg.input_components = 3;
	jpeg.in_color_space = JCS_RGB;
	jpeg_set_defaults(&jpeg);
	jpeg_set_quality(&jpeg, quality, TRUE);
	jpeg.optimize_coding = TRUE;
	jpeg_start_compress(&jpeg, TRUE);
	while (jpeg.next_scanline < jpeg.image_height) {
		JSAMPROW row = p.pixels + (size_t) 3 * p.width * jpeg.next_scanline;
		jpeg_write_scanlines(&jpeg, &row, 1);
	}
	jpeg_finish_compress(&jpeg);
	jpeg_destroy_compress(&jpeg);
	return size;
}

// write_webp returns the size, or 0 after an error.
static size_t write_webp(picture p, int quality, int method, uint8_t **out) {
	WebPConfig config;
	WebPPicture webp;
	WebPMemoryWriter writer;
	if (!WebPConfigPreset(&config, WEBP_PRESET_DEFAULT, quality) || !WebPPictureInit(&webp))
		return 0;
	config.method = method;
	webp.width = p.width;
	webp.height = p.height;
	WebPMemoryWriterInit(&writer);
	webp.writer = WebPMemoryWrite;
	webp.custom_ptr = &writer;
	const int ok = WebPPictureImportRGB(&webp, p.pixels, 3 * p.width) && WebPEncode(&config, &webp);
	WebPPictureFree(&webp);
	*out = writer.mem;
	return ok ? writer.size : 0;
}
*/
import "C"

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"time"
	"unsafe"

	"calotype"
)

// floorTool returns the codecs alone: libjpeg and libwebp decode and encode what Calotype's
// renditions take, in the same sizes and with the same settings, and nothing else is done.
// Its CPU time is that within the libraries. It encodes the pixels of our own renditions, so
// it runs after them.
func floorTool() tool {
	can := func(f calotype.Format) bool { return f == calotype.JPEG || f == calotype.WebP }
	return tool{"the codecs alone", can, func(o order) (cost, error) {
		cmd := self("-floor")
		cmd.Stdin = strings.NewReader(o.text())
		var out strings.Builder
		cmd.Stdout, cmd.Stderr = &out, os.Stderr
		if err := cmd.Run(); err != nil {
			return cost{}, fmt.Errorf("the codecs alone: %w", err)
		}
		nanoseconds, err := strconv.ParseInt(strings.TrimSpace(out.String()), 10, 64)
		return cost{time.Duration(nanoseconds), used(cmd.ProcessState).peak}, err
	}}
}

// renderFloor executes an order with the codecs alone and prints the CPU time within them, in
// nanoseconds. It uses one thread.
func renderFloor(text io.Reader, to io.Writer) error {
	var o order
	if err := json.NewDecoder(text).Decode(&o); err != nil {
		return err
	}
	runtime.LockOSThread() // Its own time is measured.
	var sum time.Duration
	for _, jobs := range o.groups() {
		took, err := floorGroup(jobs)
		if err != nil {
			return fmt.Errorf("%s: %w", jobs[0].In, err)
		}
		sum += took
	}
	_, err := fmt.Fprintln(to, int64(sum))
	return err
}

func floorGroup(jobs []job) (time.Duration, error) {
	body, err := os.ReadFile(jobs[0].In)
	if err != nil {
		return 0, err
	}
	in := (*C.uint8_t)(unsafe.SliceData(body))
	shrink := C.int(shrinkFor(body, jobs))
	took := timed(func() { C.free(unsafe.Pointer(C.read_jpeg(in, C.size_t(len(body)), shrink).pixels)) })
	for _, j := range jobs {
		finished, err := decodeFinished(filepath.Join(filepath.Dir(filepath.Dir(j.Out)), "0", filepath.Base(j.Out)), j.Format)
		if err != nil {
			return 0, err
		}
		var out *C.uint8_t
		var size C.size_t
		took += timed(func() {
			if j.Format == calotype.WebP {
				size = C.write_webp(finished, 80, 2, &out)
			} else {
				size = C.size_t(C.write_jpeg(finished, 80, &out))
			}
		})
		encoded := C.GoBytes(unsafe.Pointer(out), C.int(size))
		C.free(unsafe.Pointer(finished.pixels))
		C.free(unsafe.Pointer(out))
		if size == 0 {
			return 0, errors.New("encode WebP")
		}
		if err := os.WriteFile(j.Out, encoded, 0o600); err != nil {
			return 0, err
		}
	}
	return took, nil
}

// timed returns the CPU time of a function that stays in one thread, as calls into C do.
func timed(f func()) time.Duration {
	started := C.cpu()
	f()
	return time.Duration(C.cpu() - started)
}

// shrinkFor returns the factor by which libjpeg scales down while decoding: as in package
// render, one and a half times the largest target remain.
func shrinkFor(body []byte, jobs []job) int {
	var width, height C.int
	C.read_size((*C.uint8_t)(unsafe.SliceData(body)), C.size_t(len(body)), &width, &height)
	largest := 1
	for _, j := range jobs {
		largest = max(largest, j.Width, j.Height)
	}
	ratio := float64(max(width, height)) / float64(largest)
	for _, by := range []int{8, 4, 2} {
		if ratio >= 1.5*float64(by) {
			return by
		}
	}
	return 1
}

// decodeFinished decodes a finished rendition.
func decodeFinished(file string, format calotype.Format) (C.picture, error) {
	body, err := os.ReadFile(file)
	if err != nil {
		return C.picture{}, err
	}
	in := (*C.uint8_t)(unsafe.SliceData(body))
	if format != calotype.WebP {
		return C.read_jpeg(in, C.size_t(len(body)), 1), nil
	}
	var p C.picture
	if p.pixels = C.WebPDecodeRGB(in, C.size_t(len(body)), &p.width, &p.height); p.pixels == nil {
		return p, fmt.Errorf("decode %s", file)
	}
	return p, nil
}
