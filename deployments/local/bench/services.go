package main

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	"github.com/aws/aws-sdk-go-v2/service/sqs/types"
	"golang.org/x/sync/errgroup"

	"calotype"
	"calotype/internal/awstest"
)

// env holds the S3 and SQS servers of the local program, and clients.
type env struct {
	dir           string // A working folder.
	s3URL, sqsURL string
	s3            *s3.Client
	sqs           *sqs.Client
}

const bucket = "pictures"

// services measures the worker and the edge over the local servers.
func services(dir string, files []string, rounds int) error {
	local, err := awstest.Build("calotype-local", "deployments/local")
	if err != nil {
		return err
	}
	program, err := awstest.Build("calotype", "cmd/calotype")
	if err != nil {
		return err
	}
	s, stop, err := startServers(local, dir)
	if err != nil {
		return err
	}
	defer stop()
	fmt.Println()
	small, err := drawSmall(dir)
	if err != nil {
		return err
	}
	for _, w := range []jobs{
		{"large", files, 8, "M.webp,L.webp,S.webp,XS.webp,SL.webp,SM.webp,SS.webp,SXS.webp", false, rounds},
		{"small", []string{small}, 10_000, "XS.webp", true, 1},
	} {
		if err := worker(s, program, w); err != nil {
			return err
		}
	}
	if err := warm(s, program, "small0", 10_000, rounds); err != nil {
		return err
	}
	return edge(s, program, rounds)
}

func startServers(local, dir string) (*env, func(), error) {
	cmd := exec.Command(local, "--aws-only", "--stop-on-eof", "--data", filepath.Join(dir, "data"),
		"--s3-listen", "127.0.0.1:0", "--sqs-listen", "127.0.0.1:0")
	stdin, err := cmd.StdinPipe()
	if err != nil {
		return nil, nil, err
	}
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		return nil, nil, err
	}
	cmd.Stderr = os.Stderr
	if err := cmd.Start(); err != nil {
		return nil, nil, err
	}
	stop := func() { stdin.Close(); _ = cmd.Wait() }
	s := &env{dir: dir}
	line, _ := bufio.NewReader(stdout).ReadString('\n')
	if n, _ := fmt.Sscanf(line, "ready %s %s", &s.s3URL, &s.sqsURL); n != 2 {
		stop()
		return nil, nil, fmt.Errorf("calotype-local printed %q", line)
	}
	cfg := aws.Config{Region: "us-east-1", Credentials: credentials.NewStaticCredentialsProvider("calotype", "calotype-local", "")}
	s.s3 = s3.NewFromConfig(cfg, func(o *s3.Options) { o.BaseEndpoint, o.UsePathStyle = &s.s3URL, true })
	s.sqs = sqs.NewFromConfig(cfg, func(o *sqs.Options) { o.BaseEndpoint = &s.sqsURL })
	return s, stop, nil
}

func (s *env) queue(name string) string { return s.sqsURL + "/000000000000/" + name }

// start starts the program with these servers.
func (s *env) start(program string, args ...string) (*exec.Cmd, *bytes.Buffer, error) {
	cmd := exec.Command(program, args...)
	var log bytes.Buffer
	cmd.Stderr = &log
	cmd.Env = append(os.Environ(),
		"AWS_ENDPOINT_URL_S3="+s.s3URL, "AWS_ENDPOINT_URL_SQS="+s.sqsURL, "AWS_REGION=us-east-1",
		"AWS_ACCESS_KEY_ID=calotype", "AWS_SECRET_ACCESS_KEY=calotype-local", "AWS_CONFIG_FILE="+os.DevNull,
		"CALOTYPE_BUCKET="+bucket, "CALOTYPE_QUEUE_URL="+s.queue("calotype-jobs"), "CALOTYPE_DEAD_LETTER_URL="+s.queue("calotype-dead"))
	return cmd, &log, cmd.Start()
}

// jobs are the load of a worker: copies of files, and the variants of each.
type jobs struct {
	name     string // The keys of the copies' folder, with the round.
	files    []string
	copies   int
	variants string // The first is requested; the others are siblings, or are not made.
	exact    bool
	rounds   int
}

// worker compares the CPU time of a whole worker with that of rendering alone.
func worker(s *env, program string, w jobs) error {
	var shares, rates []float64
	var perJob []time.Duration
	for round := range w.rounds {
		whole, took, err := s.work(program, w, fmt.Sprint(w.name, round))
		if err != nil {
			return err
		}
		var same []string
		for range w.copies {
			same = append(same, w.files...)
		}
		out := filepath.Join(s.dir, "out", "0")
		if err := os.MkdirAll(out, 0o755); err != nil {
			return err
		}
		targets, err := jobsFor(same, w.variants, out)
		if err != nil {
			return err
		}
		alone, err := measure(renderOrder(order{AtOnce: 1, Jobs: targets}))
		if err != nil {
			return err
		}
		shares = append(shares, 1-alone.cpu.Seconds()/whole.cpu.Seconds())
		rates = append(rates, float64(len(same))/took.Seconds())
		perJob = append(perJob, whole.cpu/time.Duration(len(same)))
	}
	number := func(f float64) float64 { return f }
	fmt.Printf("worker: %d %s jobs of %d renditions: %.1f a second, %.1f ms CPU a job, of which %.0f %% is not rendering (median of %d rounds)\n",
		w.copies*len(w.files), w.name, strings.Count(w.variants, ",")+1, median(rates, number),
		median(perJob, func(d time.Duration) time.Duration { return d }).Seconds()*1000, 100*median(shares, number), w.rounds)
	return nil
}

// work sends the jobs and runs a worker on them. It returns what the worker used and how
// long it took.
func (s *env) work(program string, w jobs, folder string) (cost, time.Duration, error) {
	first, _, _ := strings.Cut(w.variants, ",")
	variant, err := calotype.ParseVariant(first)
	if err != nil {
		return cost{}, 0, err
	}
	g, ctx := errgroup.WithContext(context.Background())
	g.SetLimit(16)
	for i, file := range w.files {
		body, err := os.ReadFile(file)
		if err != nil {
			return cost{}, 0, err
		}
		for c := range w.copies {
			g.Go(func() error {
				key := fmt.Sprintf("%s/%d-%d.jpg", folder, i, c)
				if err := s.put(ctx, key, body); err != nil {
					return err
				}
				job := calotype.Job{Source: key, Variants: []calotype.Variant{variant}, Exact: w.exact}.Encode()
				url := s.queue("calotype-jobs")
				_, err := s.sqs.SendMessage(ctx, &sqs.SendMessageInput{QueueUrl: &url, MessageBody: &job})
				return err
			})
		}
	}
	if err := g.Wait(); err != nil {
		return cost{}, 0, err
	}
	began := time.Now()
	cmd, log, err := s.start(program, "worker", "--concurrency=1")
	if err != nil {
		return cost{}, 0, err
	}
	if err := s.waitIdle(context.Background()); err != nil {
		return cost{}, 0, errors.Join(err, errors.New(log.String()))
	}
	took := time.Since(began)
	// It would wait for the end of its poll, and everything that it did is counted by now.
	if err := cmd.Process.Kill(); err != nil {
		return cost{}, 0, err
	}
	_ = cmd.Wait()
	return used(cmd.ProcessState), took, nil
}

func (s *env) put(ctx context.Context, key string, body []byte) error {
	name := bucket
	_, err := s.s3.PutObject(ctx, &s3.PutObjectInput{Bucket: &name, Key: &key, Body: bytes.NewReader(body), ContentType: aws.String("image/jpeg")})
	return err
}

func (s *env) waitIdle(ctx context.Context) error {
	url := s.queue("calotype-jobs")
	for deadline := time.Now().Add(20 * time.Minute); time.Now().Before(deadline); time.Sleep(20 * time.Millisecond) {
		out, err := s.sqs.GetQueueAttributes(ctx, &sqs.GetQueueAttributesInput{QueueUrl: &url, AttributeNames: []types.QueueAttributeName{"All"}})
		if err != nil {
			return err
		}
		if out.Attributes["ApproximateNumberOfMessages"]+out.Attributes["ApproximateNumberOfMessagesNotVisible"] == "00" {
			return nil
		}
	}
	return errors.New("the worker did not end its jobs within 20 minutes")
}

// edge compares the requests per second of the edge with those of the S3 server.
func edge(s *env, program string, rounds int) error {
	cmd, log, err := s.start(program, "edge", "--listen=127.0.0.1:0", "--log-level=info")
	if err != nil {
		return err
	}
	defer func() { _ = cmd.Process.Signal(syscall.SIGTERM); _ = cmd.Wait() }()
	time.Sleep(time.Second)
	_, rest, ok := strings.Cut(log.String(), `"address":"`)
	address, _, _ := strings.Cut(rest, `"`)
	if !ok {
		return fmt.Errorf("the edge printed %q", log)
	}
	key, name := "resized/M.webp/large0/0-0.jpg", bucket
	presigned, err := s3.NewPresignClient(s.s3).PresignGetObject(context.Background(), &s3.GetObjectInput{Bucket: &name, Key: &key}, s3.WithPresignExpires(time.Hour))
	if err != nil {
		return err
	}
	urls := []string{"http://" + address + "/large0/0-0.jpg?size=M&to_webp=1", presigned.URL}
	rates := make([][]float64, 2)
	for range rounds {
		for i, url := range urls {
			rate, err := load(url)
			if err != nil {
				return err
			}
			rates[i] = append(rates[i], rate)
		}
	}
	self := func(f float64) float64 { return f }
	a, b := median(rates[0], self), median(rates[1], self)
	fmt.Printf("edge: %.0f renditions a second, the S3 server itself %.0f: ratio %.2f (16 connections, load on the same machine)\n", a, b, a/b)
	return nil
}

// load requests a URL repeatedly for two seconds and returns the responses per second.
func load(url string) (float64, error) {
	const connections, period = 16, 2 * time.Second
	client := &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: connections}}
	defer client.CloseIdleConnections()
	var answers atomic.Int64
	var failure atomic.Value
	var all sync.WaitGroup
	start := time.Now()
	for range connections {
		all.Go(func() {
			for time.Since(start) < period {
				r, err := client.Get(url)
				if err != nil {
					failure.Store(err)
					return
				}
				_, err = io.Copy(io.Discard, r.Body)
				r.Body.Close()
				if err != nil || r.StatusCode != http.StatusOK {
					failure.Store(fmt.Errorf("%s: %d, %w", url, r.StatusCode, errors.Join(err)))
					return
				}
				answers.Add(1)
			}
		})
	}
	all.Wait()
	if err, ok := failure.Load().(error); ok {
		return 0, err
	}
	return float64(answers.Load()) / time.Since(start).Seconds(), nil
}
