package deadletter

import (
	"context"

	"calotype/queue"
)

// Purge deletes the chosen dead letters permanently. It calls confirm with them and deletes
// only if that returns true. It returns how many it deleted. The letters stay leased while
// confirm runs, so exactly those are deleted.
func (q Queue) Purge(ctx context.Context, f Filter, confirm func(*Tally) (bool, error)) (deleted int, err error) {
	tally := &Tally{}
	err = q.sweep(ctx, func(context.Context, *queue.Sweep, Letter) error { return nil }, func(sweep *queue.Sweep) error {
		var chosen []queue.Message
		for _, m := range sweep.Held() {
			if l := Read(m); f.chooses(l) {
				tally.add(l)
				chosen = append(chosen, m)
			}
		}
		if len(chosen) == 0 {
			return nil
		}
		if yes, err := confirm(tally); err != nil || !yes {
			return err
		}
		deleted, err = sweep.Delete(ctx, chosen...)
		return err
	})
	return deleted, err
}
