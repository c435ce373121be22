package main

import (
	"bufio"
	"compress/gzip"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"iter"
	"net/url"
	"os"
	"strings"
)

// maxKeyLine bounds a line of a list of keys, in bytes: S3's keys have at most 1,024.
const maxKeyLine = 16 << 10

// readKeys returns the keys of a list, in its order: a key on each line, or the rows of an
// S3 Inventory in CSV, whose first two columns are the bucket and the encoded key. Either
// may be compressed with gzip. The name "-" is standard input.
// https://docs.aws.amazon.com/AmazonS3/latest/userguide/storage-inventory-location.html
func readKeys(name, bucket string, stdin io.Reader) iter.Seq2[string, error] {
	return func(yield func(string, error) bool) {
		in := stdin
		if name != "-" {
			file, err := os.Open(name)
			if err != nil {
				yield("", fmt.Errorf("--keys: %w%w", err, markErr(errUsage)))
				return
			}
			defer file.Close()
			in = file
		}
		if err := eachKey(bufio.NewReader(in), bucket, func(key string) bool { return yield(key, nil) }); err != nil {
			yield("", fmt.Errorf("--keys %s: %w", name, err))
		}
	}
}

// eachKey calls yield with each key until it returns false.
func eachKey(in *bufio.Reader, bucket string, yield func(string) bool) error {
	if magic, _ := in.Peek(2); string(magic) == "\x1f\x8b" {
		plain, err := gzip.NewReader(in)
		if err != nil {
			return err
		}
		defer plain.Close()
		in = bufio.NewReader(plain)
	}
	if first, _ := in.Peek(1); string(first) == `"` {
		return eachRow(in, bucket, yield)
	}
	lines := bufio.NewScanner(in)
	lines.Buffer(nil, maxKeyLine)
	for lines.Scan() {
		if key := lines.Text(); key != "" && !yield(key) {
			return nil
		}
	}
	return lines.Err()
}

func eachRow(in io.Reader, bucket string, yield func(string) bool) error {
	rows := csv.NewReader(in)
	rows.ReuseRecord, rows.FieldsPerRecord = true, -1
	for {
		row, err := rows.Read()
		if errors.Is(err, io.EOF) {
			return nil
		}
		line, _ := rows.FieldPos(0)
		switch {
		case err != nil:
			return err
		case len(row) < 2:
			return fmt.Errorf("line %d: %q is not a row of an inventory: it begins with the bucket and the key", line, strings.Join(row, ","))
		case row[0] != bucket:
			return fmt.Errorf("line %d: the inventory is of the bucket %q, not of %q", line, row[0], bucket)
		}
		key, err := url.QueryUnescape(row[1])
		if err != nil {
			return fmt.Errorf("line %d: %w", line, err)
		}
		if !yield(key) {
			return nil
		}
	}
}
