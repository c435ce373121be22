package main

import (
	"errors"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/aws/constructs-go/constructs/v10"

	"calotype"
	"calotype/edge"
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
	// ExistingBucket and ExistingDistribution are used instead of new ones.
	ExistingBucket, ExistingDistribution string
	// KMSKeyARN is the key that the bucket is encrypted with, unless it is S3's own.
	KMSKeyARN string
	// PresetsFile is a file in the repository's root, and Presets its content.
	PresetsFile string
	Presets     calotype.Presets
	// EdgeZip is the Lambda@Edge function, as "make edge" writes it.
	EdgeZip string
	// Mode is what decides at CloudFront: one of the modes below.
	Mode string
	// EdgeLambdaZip is the function URL of the function mode, as "make edge-lambda" writes
	// it. With OriginDomain, "calotype edge" runs there instead; VPCOriginID is its VPC
	// origin, if it has one.
	EdgeLambdaZip, OriginDomain, VPCOriginID string
	// CacheTags makes the distribution read pictures' tags, and workers invalidate by them.
	CacheTags bool
	// CheckSource makes the function compare each rendition with its source.
	CheckSource bool
	// AllowOrigin is the website whose pages may read pictures, "*" or "none".
	AllowOrigin string
	// DomainName and CertificateARN are both set, or neither.
	DomainName, CertificateARN string
	// FunctionMemory is the function's, in MB; its share of a CPU follows from it.
	FunctionMemory int
	// Capacity is "fargate" or "ec2", and Architecture "x86_64" or "arm64". InstanceType is
	// that of the machines of ec2.
	Capacity, Architecture, InstanceType string
	// CPU is in 1/1024 of a CPU, Memory in MiB: a combination that Fargate offers.
	CPU, Memory int
	// Between MinTasks, which may be 0, and MaxTasks run, so that each has BacklogPerTask
	// jobs before it and a viewer's job waits for at most TargetAge seconds.
	MinTasks, MaxTasks, BacklogPerTask, TargetAge int
	// Spot uses capacity that AWS may take back: on Fargate for all tasks but one (for all
	// if MinTasks is 0), on EC2 for all machines.
	Spot bool
	// BackfillQueue adds a queue for low-priority jobs.
	BackfillQueue bool
	// Events names the way of the bucket's events to a queue of their own: "s3", "sns" or
	// "eventbridge"; empty for none. EventsTopicARN is a topic that has them already.
	Events, EventsTopicARN string
	// RenditionsExpire is the age in days at which renditions are deleted; 0 for never.
	RenditionsExpire int
	// Worker has the values of the worker's own flags, by their variables.
	Worker map[string]string
	// Edge has the values of the edge function's own settings, by their headers.
	Edge map[string]string
	// StopTimeout is how long a task has to stop: the worker's grace, and some more.
	StopTimeout time.Duration
	// OnUpload lists the variants to make of an uploaded picture. Purge makes workers
	// invalidate changed pictures at the distribution.
	OnUpload string
	Purge    bool
	// Notify is where workers announce how jobs end: an EventBridge bus, by its ARN or by
	// its name in this account and Region, or the URL of an SQS queue.
	Notify string
	// AlarmEmail receives the alarms; without it they only show in the console.
	AlarmEmail string
}

// The modes: Lambda@Edge decides before each fetch, or only after the bucket had no
// rendition, or a CloudFront Function decides and no Lambda function runs on a hit.
const (
	modeLambdaEdge  = "lambda-edge"
	modeOriginGroup = "origin-group"
	modeFunction    = "function"
)

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

// readSettings reads and checks the context. All problems are reported together.
func readSettings(node constructs.Node) (settings, error) {
	c := contextReader{values: map[string]any{}, known: map[string]bool{}}
	if all, ok := node.GetAllContext(nil).(map[string]any); ok {
		c.values = all
	}
	s := settings{
		Name:                 c.text("name", "calotype", `^[a-z][a-z0-9-]{0,29}$`, "lower-case letters, digits and dashes, 30 at most"),
		Region:               c.text("region", edgeRegion, `^[a-z]{2}(-[a-z]+)+-\d$`, "a Region such as eu-west-1"),
		ExistingBucket:       c.text("existingBucket", "", `^[a-z0-9][a-z0-9-]{1,61}[a-z0-9]$`, "a bucket's name (without dots, which CloudFront cannot reach over TLS)"),
		ExistingDistribution: c.text("existingDistribution", "", `^[A-Z0-9]{6,32}$`, "a distribution's id such as E2QWRUHAPOMQZL"),
		KMSKeyARN:            c.text("kmsKeyArn", "", `^arn:aws:kms:[a-z0-9-]+:\d{12}:key/[A-Za-z0-9-]+$`, "the ARN of a key such as arn:aws:kms:eu-west-1:123456789012:key/…"),
		FunctionMemory:       c.number("functionMemory", 256, 128, 3008),
		Capacity:             c.text("capacity", "fargate", `^(fargate|ec2)$`, "fargate or ec2"),
		Architecture:         c.text("architecture", "x86_64", `^(x86_64|arm64)$`, "x86_64 or arm64"),
		InstanceType:         c.text("instanceType", "", `^[a-z0-9-]+\.[a-z0-9]+$`, "a type such as m7g.large"),
		TargetAge:            c.number("targetAge", 60, 10, 86_400),
		Events:               c.text("events", "", `^(s3|sns|eventbridge)$`, "s3, sns or eventbridge"),
		EventsTopicARN:       c.text("eventsTopicArn", "", `^arn:aws:sns:[a-z0-9-]+:\d{12}:[A-Za-z0-9_-]+$`, "the ARN of a standard topic"),
		PresetsFile:          c.text("presets", "presets.json", `^[A-Za-z0-9_.-]+\.json$`, "the name of a .json file in the repository's root"),
		EdgeZip:              c.text("edgeZip", filepath.Join(root, "dist", "lambda-edge.zip"), `\.zip$`, "a zip file"),
		Mode:                 c.text("mode", modeLambdaEdge, `^(lambda-edge|origin-group|function)$`, "lambda-edge, origin-group or function"),
		EdgeLambdaZip:        c.text("edgeLambdaZip", filepath.Join(root, "dist", "edge-lambda.zip"), `\.zip$`, "a zip file"),
		OriginDomain:         c.text("originDomain", "", `^([a-z0-9]([a-z0-9-]*[a-z0-9])?\.)+[a-z]{2,}$`, "a host's name such as edge.example.com"),
		VPCOriginID:          c.text("vpcOriginId", "", `^vo_[A-Za-z0-9]+$`, "the id of a VPC origin such as vo_abc"),
		CacheTags:            c.flag("cacheTags"),
		CheckSource:          c.flag("checkSource"),
		DomainName:           c.text("domainName", "", `^([a-z0-9*]([a-z0-9-]*[a-z0-9])?\.)+[a-z]{2,}$`, "a host's name such as pictures.example.com"),
		CertificateARN:       c.text("certificateArn", "", `^arn:aws:acm:us-east-1:\d{12}:certificate/.+$`, "the ARN of a certificate in us-east-1, where CloudFront looks for it"),
		AllowOrigin:          c.text("allowOrigin", "*", `^(\*|none|https?://[a-z0-9.:-]+)$`, "*, none or an origin such as https://shop.example"),
		CPU:                  c.number("cpu", 1024, 256, 16384),
		Memory:               c.number("memory", 2048, 512, 122880),
		MinTasks:             c.number("minTasks", 1, 0, 1000),
		MaxTasks:             c.number("maxTasks", 10, 1, 1000),
		BacklogPerTask:       c.number("backlogPerTask", 30, 1, 100_000),
		Spot:                 c.flag("spot"),
		BackfillQueue:        c.flag("backfillQueue"),
		OnUpload:             c.text("onUpload", "", `^[\w-]+(\.[a-z]+)?(,[\w-]+(\.[a-z]+)?)*$`, "variants such as M,M.webp"),
		Purge:                c.flag("purge"),
		Notify:               c.text("notify", "", `^(arn:aws[a-z-]*:events:[a-z0-9-]+:\d{12}:event-bus/[\w./-]+|https://sqs\.[a-z0-9-]+\.amazonaws\.com/\d{12}/[\w-]+|[\w.-]+)$`, "an EventBridge bus's name or ARN, or a standard queue's URL"),
		AlarmEmail:           c.text("alarmEmail", "", `^[^@\s]+@[^@\s]+$`, "an e-mail address"),
	}
	s.OriginShield = c.text("originShield", s.Region, "", "")
	s.RenditionsExpire = c.number("renditionsExpire", 0, 0, 36_500)
	s.Worker, s.Edge = c.worker(), c.edge()
	s.StopTimeout = c.stopTimeout(s.Worker)
	c.unknown()
	var auto edge.AutoFormats
	if err := auto.UnmarshalText([]byte(s.Edge["X-Env-Auto"])); err != nil {
		c.check(false, "edgeAuto", "%v", err)
	}
	s.CacheTags = s.CacheTags || s.Mode == modeFunction // A path covers no renditions there.
	headers := len(originHeaders(&stack{}, s))
	if s.Mode == modeOriginGroup {
		headers++ // The role.
	}
	c.check(headers <= 10 || s.Mode == modeFunction, "edge…", "an origin may have 10 custom headers, and these settings need %d", headers)
	widths := s.Edge["X-Env-Widths"]
	c.check(widths == "" || widths == "true" || widths == "false", "edgeWidths", "%q: want true or false", widths)
	c.check(slices.Contains(shieldRegions, s.OriginShield), "originShield", "there is none in %s: use the nearest of %s", s.OriginShield, strings.Join(shieldRegions, ", "))
	c.check((s.DomainName == "") == (s.CertificateARN == ""), "domainName", "it needs certificateArn, and vice versa")
	memory, ok := fargateMemory[s.CPU]
	ok = ok || s.Capacity == "ec2"
	c.check(ok, "cpu", "Fargate has %v, not %d", slices.Sorted(maps.Keys(fargateMemory)), s.CPU)
	c.check(!ok || s.Capacity == "ec2" || memory[0] <= s.Memory && s.Memory <= memory[1] && (s.Memory%1024 == 0 || s.Memory == 512), "memory", "with cpu %d Fargate has %d to %d MiB in whole GiB, not %d", s.CPU, memory[0], memory[1], s.Memory)
	c.check(s.MinTasks <= s.MaxTasks, "minTasks", "%d is more than maxTasks, %d", s.MinTasks, s.MaxTasks)
	c.check(s.Mode == modeLambdaEdge || !s.CheckSource, "checkSource", "only with mode=lambda-edge: in the others nothing sees hits")
	c.check(s.Mode != modeFunction || s.Edge["X-Env-Pending"] != string(edge.PendingNone), "edgePending", "none is not for mode=function: the bucket answers with fallback copies, which are originals")
	c.check(s.Mode == modeFunction || s.OriginDomain == "", "originDomain", "it needs mode=function")
	c.check(s.OriginDomain != "" || s.VPCOriginID == "", "vpcOriginId", "it needs originDomain")
	c.check(s.EventsTopicARN == "" || s.Events == "sns" && s.ExistingBucket != "", "eventsTopicArn", "it needs events=sns and the existingBucket that publishes to it")
	c.check(s.EventsTopicARN == "" || strings.HasPrefix(s.EventsTopicARN, "arn:aws:sns:"+s.Region+":"), "eventsTopicArn", "want a topic in %s", s.Region)
	c.check(s.KMSKeyARN == "" || strings.HasPrefix(s.KMSKeyARN, "arn:aws:kms:"+s.Region+":"), "kmsKeyArn", "want a key in %s, where the bucket is", s.Region)
	c.check(s.OnUpload == "" || s.Events != "", "onUpload", "it needs events, which report uploads")
	c.check(s.ExistingBucket == "" || s.RenditionsExpire == 0, "renditionsExpire", "not for existingBucket, whose lifecycle rules are not this template's: docs/deployment.md has the command")
	c.check(s.ExistingDistribution == "" || s.Mode == modeLambdaEdge && !s.CacheTags && s.DomainName == "", "existingDistribution", "only with mode=lambda-edge, without cacheTags and domainName: they are the distribution's")
	c.check(s.InstanceType == "" || s.Capacity == "ec2", "instanceType", "it needs capacity=ec2")
	if s.Capacity == "ec2" && s.InstanceType == "" {
		s.InstanceType = map[string]string{"x86_64": "m7i.large", "arm64": "m7g.large"}[s.Architecture]
	}
	switch {
	case s.Mode != modeFunction:
		c.exists("edgeZip", s.EdgeZip, "make edge")
	case s.OriginDomain == "":
		c.exists("edgeLambdaZip", s.EdgeLambdaZip, "make edge-lambda")
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
	return s, errors.Join(c.problems...)
}

// exists checks that a file was made.
func (c *contextReader) exists(key, file, command string) {
	if _, err := os.Stat(file); err != nil {
		c.check(false, key, "%v: run %q in the repository's root", err, command)
	}
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
