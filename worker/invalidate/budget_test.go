package invalidate

import (
	"context"
	"sync/atomic"
	"testing"

	"golang.org/x/sync/errgroup"

	"calotype/internal/awstest"
	"calotype/worker/store"
)

func TestMain(m *testing.M) { awstest.Main(m) }

// Several workers share a month's paths, and no path counts twice.
func TestMonthly(t *testing.T) {
	bucket := store.New(awstest.S3(t), awstest.Bucket(t))
	var granted atomic.Int32
	var workers errgroup.Group
	for range 3 {
		budget := Monthly(bucket, "resized", 25)
		workers.Go(func() error {
			for range 5 {
				n, err := budget(context.Background(), 2)
				if err != nil {
					return err
				}
				granted.Add(int32(n))
			}
			return nil
		})
	}
	if err := workers.Wait(); err != nil {
		t.Fatal(err)
	}
	if granted.Load() != 25 {
		t.Errorf("granted %d, want 25", granted.Load())
	}
}
