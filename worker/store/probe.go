package store

import (
	"bytes"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io/fs"

	"github.com/aws/aws-sdk-go-v2/service/s3"

	"calotype"
	"calotype/worker/failure"
)

// errIgnored is the error of a store that executes a write whose condition does not hold.
// Two workers would overwrite each other's renditions.
var errIgnored = errors.New("the store ignores the condition: workers need one that enforces it")

// Check is the result for one permission or feature that publishing needs.
type Check struct {
	Name    string // An IAM action, or the name of the feature.
	Err     error
	Skipped bool // True if an earlier check failed.
}

// Lacks reports whether the store cannot do what was checked, for any caller at any time.
func (c Check) Lacks() bool {
	var f *failure.Failure
	return errors.Is(c.Err, errIgnored) || errors.As(c.Err, &f) && f.Class == failure.NotImplemented
}

// Probe checks what publishing needs. It puts a small object under the prefix, tries to
// replace it, and deletes it.
func (b *Bucket) Probe(ctx context.Context, prefix calotype.Prefix) []Check {
	const other = `"00000000000000000000000000000000"`
	key, body := string(prefix)+"/.calotype-status/"+rand.Text(), []byte("probe")
	etag, err := b.Put(ctx, key, body, Object{ContentType: "text/plain"}, "")
	checks := []Check{{Name: "s3:PutObject", Err: err}}
	if err != nil {
		return append(checks, Check{Name: "s3:DeleteObject", Skipped: true})
	}
	// Whatever the conditions do, the object is deleted in the end.
	defer func() {
		_, _ = b.client.DeleteObject(context.WithoutCancel(ctx), &s3.DeleteObjectInput{Bucket: &b.name, Key: &key})
	}()
	_, create := b.Put(ctx, key, []byte("again"), Object{}, "")
	_, replace := b.Put(ctx, key, []byte("other"), Object{}, other)
	checks = append(checks,
		Check{Name: "PUT with If-None-Match", Err: enforced(create)},
		Check{Name: "PUT with If-Match", Err: enforced(replace)},
		Check{Name: "DELETE with If-Match", Err: enforced(b.Delete(ctx, key, other))},
		Check{Name: "read after write, strong ETag", Err: b.reads(ctx, key, body, etag)})
	err = b.Delete(ctx, key, etag)
	if err == nil {
		if _, headErr := b.Head(ctx, key); !errors.Is(headErr, fs.ErrNotExist) {
			err = errors.New("the object still exists")
		}
	}
	return append(checks, Check{Name: "s3:DeleteObject", Err: err})
}

// enforced returns an error if a condition that does not hold was ignored.
func enforced(err error) error {
	switch {
	case err == nil:
		return errIgnored
	case errors.Is(err, ErrConflict):
		return nil
	}
	return err
}

// reads checks that the object has the written content.
func (b *Bucket) reads(ctx context.Context, key string, want []byte, etag string) error {
	body, object, err := b.Get(ctx, key, 1<<10)
	switch {
	case err != nil:
		return err
	case !isStrong(etag):
		return failure.New(failure.NotImplemented, "put %s: the ETag is %q; %s", key, etag, remedies[failure.NotImplemented])
	case !bytes.Equal(body, want):
		return errors.New("the object is not what was written")
	case object.ETag != etag:
		return fmt.Errorf("the ETag changed from %s to %s", etag, object.ETag)
	}
	return nil
}
