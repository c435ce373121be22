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

// build is a build of the program that is measured over the local servers.
type build struct {
	name, program string
	render        func() *exec.Cmd // Its bench, which renders in one process.
}

// services measures the worker and the edge over the local servers: this build and the
// earlier one alternate.
func services(dir string, files []string, rounds int, earlier *base) error {
	local, err := awstest.Build("calotype-local", "deployments/local")
	if err != nil {
		return err
	}
	program, err := awstest.Build("calotype", "cmd/calotype")
	if err != nil {
		return err
	}
	builds := []build{{"calotype", program, func() *exec.Cmd { return self("-render") }}}
	if earlier != nil {
		builds = append(builds, build{"calotype " + earlier.commit, earlier.calotype, func() *exec.Cmd { return exec.Command(earlier.bench, "-render") }})
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
		{"large", files, 8, "M.webp,L.webp,S.webp,XS.webp,SL.webp,SM.webp,SS.webp,SXS.webp", false},
		{"small", []string{small}, 2000, "XS.webp", true},
	} {
		if err := worker(s, builds, w, rounds); err != nil {
			return err
		}
	}
	if err := warm(s, program, "small", 2000*len(builds)*rounds, rounds); err != nil {
		return err
	}
	return edge(s, builds, rounds)
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

func (e *env) queue(name string) string { return e.sqsURL + "/000000000000/" + name }

// start starts the program with these servers.
func (e *env) start(program string, args ...string) (*exec.Cmd, *programLog, error) {
	cmd := exec.Command(program, args...)
	var log programLog
	cmd.Stderr = &log
	cmd.Env = append(os.Environ(),
		"AWS_ENDPOINT_URL_S3="+e.s3URL, "AWS_ENDPOINT_URL_SQS="+e.sqsURL, "AWS_REGION=us-east-1",
		"AWS_ACCESS_KEY_ID=calotype", "AWS_SECRET_ACCESS_KEY=calotype-local", "AWS_CONFIG_FILE="+os.DevNull,
		"CALOTYPE_BUCKET="+bucket, "CALOTYPE_QUEUE_URL="+e.queue("calotype-jobs"), "CALOTYPE_DEAD_LETTER_URL="+e.queue("calotype-dead"))
	return cmd, &log, cmd.Start()
}

// jobs are the load of a worker: copies of files, and the variants of each.
type jobs struct {
	name     string // The keys of the copies' folder, with the round.
	files    []string
	copies   int
	variants string // The first is requested; the others are siblings, or are not made.
	exact    bool
}

// worked is what one run of a worker was like.
type worked struct {
	rate  float64       // In jobs per second.
	cpu   time.Duration // For each job, without the worker's start.
	share float64       // The part of it that is not rendering.
}

// worker measures a whole worker's jobs per second and CPU time, and compares the latter
// with that of rendering alone, in one process.
func worker(s *env, builds []build, w jobs, rounds int) error {
	all := make([][]worked, len(builds))
	start := make([]time.Duration, len(builds))
	for round := range rounds {
		for i, b := range builds {
			if round == 0 {
				idle, _, err := s.work(b.program, jobs{}, "")
				if err != nil {
					return err
				}
				start[i] = idle.cpu
			}
			m, err := s.measureWorker(b, w, fmt.Sprint(w.name, round, "-", i), start[i])
			if err != nil {
				return err
			}
			all[i] = append(all[i], m)
		}
	}
	rate := func(m worked) float64 { return m.rate }
	for i, b := range builds {
		fmt.Printf("%s, worker: %d %s jobs of %d renditions: %.1f a second (ours is %.2f), %.2f ms CPU a job (ours is %.2f), of which %.0f %% is not rendering (medians of %d rounds)\n",
			b.name, w.copies*len(w.files), w.name, strings.Count(w.variants, ",")+1,
			median(all[i], rate), median(all[0], rate)/median(all[i], rate),
			median(all[i], cpuOf).Seconds()*1000, median(all[0], cpuOf).Seconds()/median(all[i], cpuOf).Seconds(),
			100*median(all[i], func(m worked) float64 { return m.share }), rounds)
	}
	return nil
}

func cpuOf(m worked) time.Duration { return m.cpu }

func (e *env) measureWorker(b build, w jobs, folder string, start time.Duration) (worked, error) {
	whole, rate, err := e.work(b.program, w, folder)
	if err != nil {
		return worked{}, err
	}
	var same []string
	for range w.copies {
		same = append(same, w.files...)
	}
	out := filepath.Join(e.dir, "out", "0")
	if err := os.MkdirAll(out, 0o755); err != nil {
		return worked{}, err
	}
	targets, err := jobsFor(same, w.variants, out)
	if err != nil {
		return worked{}, err
	}
	alone, err := measure(renderOrder(b.render(), order{AtOnce: 1, Jobs: targets}))
	if err != nil {
		return worked{}, err
	}
	idle, err := measure(renderOrder(b.render(), order{AtOnce: 1, Jobs: []job{}}))
	if err != nil {
		return worked{}, err
	}
	cpu := whole.cpu - start
	return worked{rate, cpu / time.Duration(len(same)), 1 - (alone.cpu-idle.cpu).Seconds()/cpu.Seconds()}, nil
}

// work sends the jobs and runs a worker on them. It returns what the worker used, with its
// decoders, and its jobs per second.
func (e *env) work(program string, w jobs, folder string) (cost, float64, error) {
	if err := e.sendJobs(w, folder); err != nil {
		return cost{}, 0, err
	}
	// With this grace period polls take a second, so a stop is soon over. It is a gentle one,
	// because the kernel counts only processes that were waited for.
	cmd, log, err := e.start(program, "worker", "--concurrency=1", "--grace=6s")
	if err != nil {
		return cost{}, 0, err
	}
	if len(w.files) == 0 {
		time.Sleep(2 * time.Second) // It starts.
	}
	if err := e.waitIdle(context.Background()); err != nil {
		return cost{}, 0, errors.Join(err, errors.New(log.String()))
	}
	if err := cmd.Process.Signal(syscall.SIGTERM); err != nil {
		return cost{}, 0, err
	}
	if err := cmd.Wait(); err != nil {
		return cost{}, 0, errors.Join(err, errors.New(log.String()))
	}
	rate, err := log.jobsPerSecond(w.copies * len(w.files))
	return used(cmd.ProcessState), rate, err
}

// sendJobs puts copies of the files and sends a job for each.
func (e *env) sendJobs(w jobs, folder string) error {
	if len(w.files) == 0 {
		return nil
	}
	first, _, _ := strings.Cut(w.variants, ",")
	variant, err := calotype.ParseVariant(first)
	if err != nil {
		return err
	}
	g, ctx := errgroup.WithContext(context.Background())
	g.SetLimit(16)
	for i, file := range w.files {
		body, err := os.ReadFile(file)
		if err != nil {
			return err
		}
		for c := range w.copies {
			g.Go(func() error {
				key := fmt.Sprintf("%s/%d-%d.jpg", folder, i, c)
				if err := e.put(ctx, key, body); err != nil {
					return err
				}
				job := calotype.Job{Source: key, Variants: []calotype.Variant{variant}, Exact: w.exact}.Encode()
				url := e.queue("calotype-jobs")
				_, err := e.sqs.SendMessage(ctx, &sqs.SendMessageInput{QueueUrl: &url, MessageBody: &job})
				return err
			})
		}
	}
	return g.Wait()
}

func (e *env) put(ctx context.Context, key string, body []byte) error {
	name := bucket
	_, err := e.s3.PutObject(ctx, &s3.PutObjectInput{Bucket: &name, Key: &key, Body: bytes.NewReader(body), ContentType: aws.String("image/jpeg")})
	return err
}

func (e *env) waitIdle(ctx context.Context) error {
	url := e.queue("calotype-jobs")
	for deadline := time.Now().Add(20 * time.Minute); time.Now().Before(deadline); time.Sleep(20 * time.Millisecond) {
		out, err := e.sqs.GetQueueAttributes(ctx, &sqs.GetQueueAttributesInput{QueueUrl: &url, AttributeNames: []types.QueueAttributeName{"All"}})
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
func edge(s *env, builds []build, rounds int) error {
	key, name := "resized/M.webp/large0-0/0-0.jpg", bucket
	presigned, err := s3.NewPresignClient(s.s3).PresignGetObject(context.Background(), &s3.GetObjectInput{Bucket: &name, Key: &key}, s3.WithPresignExpires(time.Hour))
	if err != nil {
		return err
	}
	names, urls := []string{"the S3 server itself"}, []string{presigned.URL}
	for _, b := range builds {
		address, stop, err := s.startEdge(b.program)
		if err != nil {
			return err
		}
		defer stop()
		names, urls = append(names, b.name+", edge"), append(urls, "http://"+address+"/large0-0/0-0.jpg?size=M&to_webp=1")
	}
	rates := make([][]float64, len(urls))
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
	for i, name := range names {
		fmt.Printf("%s: %.0f renditions a second: ratio %.2f (16 connections, load on the same machine)\n", name, median(rates[i], self), median(rates[i], self)/median(rates[0], self))
	}
	return nil
}

// startEdge starts an edge and returns its address.
func (e *env) startEdge(program string) (address string, stop func(), err error) {
	cmd, log, err := e.start(program, "edge", "--listen=127.0.0.1:0", "--log-level=info")
	if err != nil {
		return "", nil, err
	}
	stop = func() { _ = cmd.Process.Signal(syscall.SIGTERM); _ = cmd.Wait() }
	time.Sleep(time.Second)
	_, rest, ok := strings.Cut(log.String(), `"address":"`)
	address, _, _ = strings.Cut(rest, `"`)
	if !ok {
		stop()
		return "", nil, fmt.Errorf("the edge printed %q", log.String())
	}
	return address, stop, nil
}

// load requests a URL repeatedly for two seconds and returns the responses per second.
func load(url string) (float64, error) {
	const connections, period = 16, 2 * time.Second
	client := &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: connections}}
	defer client.CloseIdleConnections()
	var responses atomic.Int64
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
				responses.Add(1)
			}
		})
	}
	all.Wait()
	if err, ok := failure.Load().(error); ok {
		return 0, err
	}
	return float64(responses.Load()) / time.Since(start).Seconds(), nil
}
