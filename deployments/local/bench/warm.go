package main

import (
	"errors"
	"fmt"
	"time"
)

// warm measures how fast a backfill goes through a bucket: with listings alone, if all
// renditions are missing, and with a HEAD for each, if all exist. It sends nothing.
func warm(s *env, program, folder string, pictures, rounds int) error {
	rates := map[string][]float64{}
	for range rounds {
		for _, variant := range []string{"S.webp", "XS.webp"} {
			start := time.Now()
			cmd, log, err := s.start(program, "warm", "s3://"+bucket+"/"+folder+"/", "--variants="+variant, "--dry-run", "--json")
			if err != nil {
				return err
			}
			if err := cmd.Wait(); err != nil {
				return errors.Join(err, errors.New(log.String()))
			}
			rates[variant] = append(rates[variant], float64(pictures)/time.Since(start).Seconds())
		}
	}
	number := func(f float64) float64 { return f }
	fmt.Printf("warm: %.0f pictures per second if renditions are missing, %.0f if each is inspected (%d pictures, 64 concurrent HEADs, median of %d rounds)\n",
		median(rates["S.webp"], number), median(rates["XS.webp"], number), pictures, rounds)
	return nil
}
