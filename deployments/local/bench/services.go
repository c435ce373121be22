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

	"calotype"
	"calotype/internal/awstest"
)

// site is the S3 and SQS servers of the local program, and clients.
type site struct {
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
	if err := worker(s, program, files, rounds); err != nil {
		return err
	}
	return edge(s, program, rounds)
}

func startServers(local, dir string) (*site, func(), error) {
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
	s := &site{}
	line, _ := bufio.NewReader(stdout).ReadString('\n')
	if n, _ := fmt.Sscanf(line, "ready %s %s", &s.s3URL, &s.sqsURL); n != 2 {
		stop()
		return nil, nil, fmt.Errorf("calotype-local said %q", line)
	}
	cfg := aws.Config{Region: "us-east-1", Credentials: credentials.NewStaticCredentialsProvider("calotype", "calotype-local", "")}
	s.s3 = s3.NewFromConfig(cfg, func(o *s3.Options) { o.BaseEndpoint, o.UsePathStyle = &s.s3URL, true })
	s.sqs = sqs.NewFromConfig(cfg, func(o *sqs.Options) { o.BaseEndpoint = &s.sqsURL })
	return s, stop, nil
}

func (s *site) queue(name string) string { return s.sqsURL + "/000000000000/" + name }

// start starts the program on the servers.
func (s *site) start(program string, args ...string) (*exec.Cmd, *bytes.Buffer, error) {
	cmd := exec.Command(program, args...)
	var log bytes.Buffer
	cmd.Stderr = &log
	cmd.Env = append(os.Environ(),
		"AWS_ENDPOINT_URL_S3="+s.s3URL, "AWS_ENDPOINT_URL_SQS="+s.sqsURL, "AWS_REGION=us-east-1",
		"AWS_ACCESS_KEY_ID=calotype", "AWS_SECRET_ACCESS_KEY=calotype-local", "AWS_CONFIG_FILE="+os.DevNull,
		"CALOTYPE_BUCKET="+bucket, "CALOTYPE_QUEUE_URL="+s.queue("calotype-jobs"), "CALOTYPE_DEAD_LETTER_URL="+s.queue("calotype-dead"))
	return cmd, &log, cmd.Start()
}

// worker compares a whole worker's CPU with that of rendering alone.
func worker(s *site, program string, files []string, rounds int) error {
	ctx := context.Background()
	wide := "M.webp,L.webp,S.webp,XS.webp,SL.webp,SM.webp,SS.webp,SXS.webp"
	const copies = 8
	shares := make([]float64, 0, rounds)
	var whole, alone cost
	for round := range rounds {
		for i, file := range files {
			body, err := os.ReadFile(file)
			if err != nil {
				return err
			}
			for c := range copies {
				key := fmt.Sprintf("%d/%d-%d.jpg", round, i, c)
				if err := s.put(ctx, key, body); err != nil {
					return err
				}
				job := calotype.Job{Source: key, Variants: []calotype.Variant{{Preset: "M", Format: calotype.WebP}}}
				encoded, url := job.Encode(), s.queue("calotype-jobs")
				if _, err := s.sqs.SendMessage(ctx, &sqs.SendMessageInput{QueueUrl: &url, MessageBody: &encoded}); err != nil {
					return err
				}
			}
		}
		cmd, log, err := s.start(program, "worker", "--concurrency=1")
		if err != nil {
			return err
		}
		if err := s.waitIdle(ctx); err != nil {
			return errors.Join(err, errors.New(log.String()))
		}
		// It would wait for the end of its poll: all that it did is counted by now.
		if err := cmd.Process.Kill(); err != nil {
			return err
		}
		_ = cmd.Wait()
		whole = used(cmd.ProcessState)
		var same []string
		for range copies {
			same = append(same, files...)
		}
		if alone, err = measure(self("-render", wide, same)); err != nil {
			return err
		}
		shares = append(shares, 1-alone.cpu.Seconds()/whole.cpu.Seconds())
	}
	jobs := copies * len(files)
	fmt.Printf("\nworker: %d jobs of 8 renditions, %.0f ms CPU a job, of which %.0f %% is not rendering (median of %d rounds)\n",
		jobs, whole.cpu.Seconds()*1000/float64(jobs), 100*median(shares, func(f float64) float64 { return f }), rounds)
	return nil
}

func (s *site) put(ctx context.Context, key string, body []byte) error {
	name := bucket
	_, err := s.s3.PutObject(ctx, &s3.PutObjectInput{Bucket: &name, Key: &key, Body: bytes.NewReader(body), ContentType: aws.String("image/jpeg")})
	return err
}

func (s *site) waitIdle(ctx context.Context) error {
	url := s.queue("calotype-jobs")
	for deadline := time.Now().Add(5 * time.Minute); time.Now().Before(deadline); time.Sleep(20 * time.Millisecond) {
		out, err := s.sqs.GetQueueAttributes(ctx, &sqs.GetQueueAttributesInput{QueueUrl: &url, AttributeNames: []types.QueueAttributeName{"All"}})
		if err != nil {
			return err
		}
		if out.Attributes["ApproximateNumberOfMessages"]+out.Attributes["ApproximateNumberOfMessagesNotVisible"] == "00" {
			return nil
		}
	}
	return errors.New("the worker did not end its jobs within 5 minutes")
}

// edge compares the edge's requests a second with the S3 server's own.
func edge(s *site, program string, rounds int) error {
	cmd, log, err := s.start(program, "edge", "--listen=127.0.0.1:0", "--log-level=info")
	if err != nil {
		return err
	}
	defer func() { _ = cmd.Process.Signal(syscall.SIGTERM); _ = cmd.Wait() }()
	time.Sleep(time.Second)
	_, rest, ok := strings.Cut(log.String(), `"address":"`)
	address, _, _ := strings.Cut(rest, `"`)
	if !ok {
		return fmt.Errorf("the edge said %q", log)
	}
	key, name := "resized/M.webp/0/0-0.jpg", bucket
	presigned, err := s3.NewPresignClient(s.s3).PresignGetObject(context.Background(), &s3.GetObjectInput{Bucket: &name, Key: &key}, s3.WithPresignExpires(time.Hour))
	if err != nil {
		return err
	}
	urls := []string{"http://" + address + "/0/0-0.jpg?size=M&to_webp=1", presigned.URL}
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

// load asks a URL over and over for two seconds and returns the answers a second.
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
