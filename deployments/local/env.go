package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"time"
)

// endpoints are the addresses of a running program. It writes them into its data folder,
// where "calotype-local env" finds them.
type endpoints struct {
	Page string `json:"page,omitempty"`
	S3   string `json:"s3"`
	SQS  string `json:"sqs"`
}

const endpointsFile = "endpoints.json"

// write writes the file; remove deletes it.
func (e endpoints) write(data string) (remove func(), err error) {
	content, err := json.Marshal(e)
	if err != nil {
		return nil, err
	}
	file := filepath.Join(data, endpointsFile)
	if err := os.WriteFile(file, content, 0o644); err != nil {
		return nil, fmt.Errorf("--data: %w", err)
	}
	return func() { _ = os.Remove(file) }, nil
}

// readEndpoints finds the addresses of the program that runs with a folder.
func readEndpoints(data string) (e endpoints, err error) {
	content, err := os.ReadFile(filepath.Join(data, endpointsFile))
	if errors.Is(err, fs.ErrNotExist) {
		return e, fmt.Errorf("no calotype-local runs with the folder %s: start it first (make run), or name its folder with --data", data)
	} else if err != nil {
		return e, err
	}
	if err := json.Unmarshal(content, &e); err != nil {
		return e, fmt.Errorf("%s: %w", filepath.Join(data, endpointsFile), err)
	}
	at, err := url.Parse(e.S3)
	if err != nil {
		return e, fmt.Errorf("%s: %w", filepath.Join(data, endpointsFile), err)
	}
	conn, err := net.DialTimeout("tcp", at.Host, time.Second)
	if err != nil {
		return e, fmt.Errorf("calotype-local does not run any more, start it again (make run): %w", err)
	}
	return e, conn.Close()
}

type envCommand struct {
	Data  string `help:"The folder of the running program." default:"./data" env:"CALOTYPE_LOCAL_DATA"`
	Shell string `help:"The shell's language: sh (also for bash and zsh) or fish." enum:"sh,fish" default:"sh" env:"CALOTYPE_LOCAL_SHELL"`
}

func (c envCommand) run(stdout io.Writer) error {
	at, err := readEndpoints(c.Data)
	if err != nil {
		return err
	}
	folder := ""
	if program, err := os.Executable(); err == nil {
		folder = filepath.Dir(program)
	}
	_, err = io.WriteString(stdout, script(c.Shell, at, folder))
	return err
}

// variables are what the programs need to find the local servers, in order.
func (e endpoints) variables() [][2]string {
	queue := func(name string) string { return e.SQS + "/000000000000/" + name }
	return [][2]string{
		{"AWS_REGION", region},
		{"AWS_DEFAULT_REGION", region}, // The AWS CLI of Debian 12 reads only this one.
		{"AWS_ACCESS_KEY_ID", accessKey},
		{"AWS_SECRET_ACCESS_KEY", secretKey},
		{"AWS_ENDPOINT_URL_S3", e.S3},
		{"AWS_ENDPOINT_URL_SQS", e.SQS},
		{"AWS_EC2_METADATA_DISABLED", "true"},
		{"CALOTYPE_BUCKET", bucketName},
		{"CALOTYPE_QUEUE_URL", queue(jobsName)},
		{"CALOTYPE_EVENTS_QUEUE_URL", queue(eventsName)},
		{"CALOTYPE_BACKFILL_QUEUE_URL", queue(backfillName)},
		{"CALOTYPE_DEAD_LETTER_URL", queue(deadName)},
		{"CALOTYPE_NOTIFY", queue(notifyName)},
	}
}

// unwanted are variables that would lead to another account.
var unwanted = []string{"AWS_PROFILE", "AWS_SESSION_TOKEN", "AWS_ENDPOINT_URL"}

// The AWS CLI takes endpoints from the environment since 2.13. For Debian 12's 2.9 they are
// options, which this function adds.
const (
	awsInSh = `aws() {
  case "$1" in
    s3|s3api) command aws --endpoint-url "$AWS_ENDPOINT_URL_S3" "$@" ;;
    sqs) command aws --endpoint-url "$AWS_ENDPOINT_URL_SQS" "$@" ;;
    *) command aws "$@" ;;
  esac
}
`
	awsInFish = `function aws
  switch "$argv[1]"
    case s3 s3api
      command aws --endpoint-url "$AWS_ENDPOINT_URL_S3" $argv
    case sqs
      command aws --endpoint-url "$AWS_ENDPOINT_URL_SQS" $argv
    case '*'
      command aws $argv
  end
end
`
)

// script returns the commands that set up a shell. The folder of the programs goes to the
// front of PATH.
func script(shell string, at endpoints, folder string) string {
	var b strings.Builder
	if shell == "fish" {
		for _, name := range unwanted {
			fmt.Fprintf(&b, "set -e %s\n", name)
		}
		for _, v := range at.variables() {
			fmt.Fprintf(&b, "set -gx %s %s\n", v[0], quoteFish(v[1]))
		}
		fmt.Fprintf(&b, "fish_add_path --global --prepend --move %s\n%s", quoteFish(folder), awsInFish)
		return b.String()
	}
	fmt.Fprintf(&b, "unset %s\n", strings.Join(unwanted, " "))
	for _, v := range at.variables() {
		fmt.Fprintf(&b, "export %s=%s\n", v[0], quote(v[1]))
	}
	fmt.Fprintf(&b, "case \":$PATH:\" in *:%[1]s:*) ;; *) export PATH=%[1]s:\"$PATH\" ;; esac\n%[2]s", quote(folder), awsInSh)
	return b.String()
}

// quote makes a word of the shell.
func quote(text string) string { return "'" + strings.ReplaceAll(text, "'", `'\''`) + "'" }

func quoteFish(text string) string {
	return "'" + strings.NewReplacer(`\`, `\\`, "'", `\'`).Replace(text) + "'"
}

// envHint is what a user types in another shell of the same working directory. The S3 server
// changes the process's own, so it is called before.
func envHint(data string) string {
	program, err := os.Executable()
	if err != nil {
		return ""
	}
	if here, err := os.Getwd(); err == nil {
		if short, err := filepath.Rel(here, program); err == nil && !strings.HasPrefix(short, "..") {
			program = short
		}
	}
	program += " env"
	if data != "./data" {
		program += " --data " + quote(data)
	}
	return fmt.Sprintf(`eval "$(%s)"`, program)
}
