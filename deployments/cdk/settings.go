package main

import (
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/aws/constructs-go/constructs/v10"

	"calotype"
)

// edgeRegion is the Region from which CloudFront takes its functions, certificates and
// alarms.
const edgeRegion = "us-east-1"

// settings are the operator's context: "cdk deploy -c spot=true", or cdk.json. Values that
// may differ between deployments of the same template are parameters of the template
// instead.
type settings struct {
	// Name is the prefix of the names of stacks and queues.
	Name string
	// Region holds the bucket, the queues and the workers; OriginShield is the Region
	// in which CloudFront runs the function.
	Region, OriginShield string
	// ExistingBucket is used instead of a new one.
	ExistingBucket string
	// PresetsFile is a file in the repository's root, and Presets its content.
	PresetsFile string
	Presets     calotype.Presets
	// EdgeZip is the Lambda@Edge function, as "make edge" writes it.
	EdgeZip string
	// OriginGroup makes CloudFront itself request the rendition first.
	OriginGroup bool
	// CheckSource makes the function compare each rendition with its source.
	CheckSource bool
	// DomainName and CertificateARN are both set, or neither.
	DomainName, CertificateARN string
	// CPU is in 1/1024 of a CPU, Memory in MiB: a combination that Fargate offers.
	CPU, Memory int
	// Between MinTasks and MaxTasks run, so that each has about BacklogPerTask waiting
	// jobs.
	MinTasks, MaxTasks, BacklogPerTask int
	// Spot runs all tasks but one on capacity that AWS may reclaim.
	Spot bool
	// BackfillQueue adds a queue for low-priority jobs, S3Events one for the bucket's
	// events.
	BackfillQueue, S3Events bool
	// OnUpload lists the variants to make of an uploaded picture. Purge makes workers
	// invalidate changed pictures at the distribution.
	OnUpload string
	Purge    bool
	// AlarmEmail receives the alarms; without it they only show in the console.
	AlarmEmail string
}

// shieldRegions are the Regions with Origin Shield.
// https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/origin-shield.html#choose-origin-shield-region
var shieldRegions = []string{
	"ap-northeast-1", "ap-northeast-2", "ap-south-1", "ap-southeast-1", "ap-southeast-2",
	"eu-central-1", "eu-west-1", "eu-west-2", "me-central-1", "sa-east-1",
	"us-east-1", "us-east-2", "us-west-2",
}

// fargateMemory maps a task's CPU units to the minimum and maximum memory in MiB.
// https://docs.aws.amazon.com/AmazonECS/latest/developerguide/fargate-tasks-services.html#fargate-tasks-size
var fargateMemory = map[int][2]int{
	256: {512, 2048}, 512: {1024, 4096}, 1024: {2048, 8192},
	2048: {4096, 16384}, 4096: {8192, 30720}, 8192: {16384, 61440}, 16384: {32768, 122880},
}

// readSettings reads and checks the context. All mistakes are reported at once.
func readSettings(node constructs.Node) (settings, error) {
	c := contextReader{values: map[string]any{}, known: map[string]bool{}}
	if all, ok := node.GetAllContext(nil).(map[string]any); ok {
		c.values = all
	}
	s := settings{
		Name:           c.text("name", "calotype", `^[a-z][a-z0-9-]{0,29}$`, "lower-case letters, digits and dashes, 30 at most"),
		Region:         c.text("region", edgeRegion, `^[a-z]{2}(-[a-z]+)+-\d$`, "a Region such as eu-west-1"),
		ExistingBucket: c.text("existingBucket", "", `^[a-z0-9][a-z0-9-]{1,61}[a-z0-9]$`, "a bucket's name (without dots, which CloudFront cannot reach over TLS)"),
		PresetsFile:    c.text("presets", "presets.json", `^[A-Za-z0-9_.-]+\.json$`, "the name of a .json file in the repository's root"),
		EdgeZip:        c.text("edgeZip", filepath.Join(root, "dist", "lambda-edge.zip"), `\.zip$`, "a zip file"),
		OriginGroup:    c.flag("originGroup"),
		CheckSource:    c.flag("checkSource"),
		DomainName:     c.text("domainName", "", `^([a-z0-9*]([a-z0-9-]*[a-z0-9])?\.)+[a-z]{2,}$`, "a host's name such as pictures.example.com"),
		CertificateARN: c.text("certificateArn", "", `^arn:aws:acm:us-east-1:\d{12}:certificate/.+$`, "the ARN of a certificate in us-east-1, where CloudFront looks for it"),
		CPU:            c.number("cpu", 1024, 256, 16384),
		Memory:         c.number("memory", 2048, 512, 122880),
		MinTasks:       c.number("minTasks", 1, 1, 1000),
		MaxTasks:       c.number("maxTasks", 10, 1, 1000),
		BacklogPerTask: c.number("backlogPerTask", 30, 1, 100_000),
		Spot:           c.flag("spot"),
		BackfillQueue:  c.flag("backfillQueue"),
		S3Events:       c.flag("s3Events"),
		OnUpload:       c.text("onUpload", "", `^[\w-]+(\.[a-z]+)?(,[\w-]+(\.[a-z]+)?)*$`, "variants such as M,M.webp"),
		Purge:          c.flag("purge"),
		AlarmEmail:     c.text("alarmEmail", "", `^[^@\s]+@[^@\s]+$`, "an e-mail address"),
	}
	s.OriginShield = c.text("originShield", s.Region, "", "")
	c.unknown()
	c.check(slices.Contains(shieldRegions, s.OriginShield), "originShield", "there is none in %s: use the nearest of %s", s.OriginShield, strings.Join(shieldRegions, ", "))
	c.check((s.DomainName == "") == (s.CertificateARN == ""), "domainName", "it needs certificateArn, and vice versa")
	memory, ok := fargateMemory[s.CPU]
	c.check(ok, "cpu", "Fargate has %v, not %d", slices.Sorted(maps.Keys(fargateMemory)), s.CPU)
	c.check(!ok || memory[0] <= s.Memory && s.Memory <= memory[1] && (s.Memory%1024 == 0 || s.Memory == 512), "memory", "with cpu %d Fargate has %d to %d MiB in whole GiB, not %d", s.CPU, memory[0], memory[1], s.Memory)
	c.check(s.MinTasks <= s.MaxTasks, "minTasks", "%d is more than maxTasks, %d", s.MinTasks, s.MaxTasks)
	c.check(!s.OriginGroup || !s.CheckSource, "checkSource", "not with originGroup, where the function does not see hits")
	c.check(s.ExistingBucket == "" || !s.S3Events, "s3Events", "not for existingBucket: a bucket has one notification configuration, which does not belong to this template")
	c.check(s.OnUpload == "" || s.S3Events, "onUpload", "it needs s3Events, which report uploads")
	if _, err := os.Stat(s.EdgeZip); err != nil {
		c.check(false, "edgeZip", "%v: run \"make edge\" in the repository's root", err)
	}
	var err error
	if s.Presets, err = readPresets(s.PresetsFile); err != nil {
		c.check(false, "presets", "%v", err)
	}
	for _, variant := range strings.FieldsFunc(s.OnUpload, func(r rune) bool { return r == ',' }) {
		v, err := calotype.ParseVariant(variant)
		_, known := s.Presets.Lookup(v.Preset)
		c.check(err == nil && (known || s.Presets == nil), "onUpload", "%s: there is no such variant", variant)
	}
	return s, errors.Join(c.mistakes...)
}

// root is the repository's root, relative to the folder of cdk.json.
var root = filepath.Join("..", "..")

func readPresets(name string) (calotype.Presets, error) {
	data, err := os.ReadFile(filepath.Join(root, name))
	if err != nil {
		return nil, err
	}
	return calotype.ParsePresets(data)
}

// contextReader reads values that are either text, as the command line gives them, or of
// JSON's types.
type contextReader struct {
	values   map[string]any
	known    map[string]bool
	mistakes []error
}

func (c *contextReader) check(ok bool, key, format string, args ...any) {
	if !ok {
		c.mistakes = append(c.mistakes, fmt.Errorf("context %s: %s", key, fmt.Sprintf(format, args...)))
	}
}

func (c *contextReader) text(key, otherwise, pattern, want string) string {
	c.known[key] = true
	value, given := c.values[key]
	if !given || value == "" {
		return otherwise
	}
	text := fmt.Sprint(value)
	if !regexp.MustCompile(pattern).MatchString(text) {
		c.check(false, key, "%q: want %s", text, want)
		return otherwise
	}
	return text
}

func (c *contextReader) flag(key string) bool {
	c.known[key] = true
	value, given := c.values[key]
	if !given {
		return false
	}
	set, err := strconv.ParseBool(fmt.Sprint(value))
	c.check(err == nil, key, "%q: want true or false", fmt.Sprint(value))
	return set
}

func (c *contextReader) number(key string, otherwise, least, most int) int {
	c.known[key] = true
	value, given := c.values[key]
	if !given {
		return otherwise
	}
	n, err := strconv.Atoi(fmt.Sprint(value))
	if err != nil || n < least || n > most {
		c.check(false, key, "%q: want %d to %d", fmt.Sprint(value), least, most)
		return otherwise
	}
	return n
}

// unknown returns the keys that are not settings. The CDK's own keys have a colon or an @.
func (c *contextReader) unknown() {
	for _, key := range slices.Sorted(maps.Keys(c.values)) {
		if !c.known[key] && !strings.ContainsAny(key, ":@") {
			c.check(false, key, "no such setting; there are %s", strings.Join(slices.Sorted(maps.Keys(c.known)), ", "))
		}
	}
}
