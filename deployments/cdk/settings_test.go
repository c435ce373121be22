package main

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"calotype"
)

func TestMistakesAreReportedAtOnce(t *testing.T) {
	zip := edgeZip(t)
	for name, c := range map[string]struct {
		context  map[string]any
		problems int
		want     []string
	}{
		"all kinds": {
			map[string]any{"name": "Calotype", "region": "Ireland", "spot": "yes", "minTasks": "-1", "cpu": 1000, "alarmEmail": "me", "spott": true},
			7, []string{`name: "Calotype": want lower-case letters`, `region: "Ireland": want a Region`, `spot: "yes": want true or false`, `minTasks: "-1": want 0 to 1000`, "cpu: Fargate has [256 512", "alarmEmail", "spott: no such setting; there are alarmEmail, allowOrigin, architecture, backfillQueue"},
		},
		"pairs": {
			map[string]any{"domainName": "pictures.example.com", "minTasks": 5, "maxTasks": 4, "cpu": 4096, "memory": 4096, "existingBucket": "photos", "renditionsExpire": 30, "mode": "origin-group", "checkSource": true},
			5, []string{"domainName: it needs certificateArn", "minTasks: 5 is more than maxTasks, 4", "memory: with cpu 4096 Fargate has 8192 to 30720", "renditionsExpire: not for existingBucket", "checkSource: only with mode=lambda-edge"},
		},
		"events": {
			map[string]any{"onUpload": "M", "eventsTopicArn": "arn:aws:sns:us-east-1:123456789012:uploads", "instanceType": "m7g.large"},
			3, []string{"onUpload: it needs events", "eventsTopicArn: it needs events=sns and the existingBucket", "instanceType: it needs capacity=ec2"},
		},
		"elsewhere": {
			map[string]any{"existingBucket": "photos", "events": "sns", "eventsTopicArn": "arn:aws:sns:eu-west-1:123456789012:uploads", "kmsKeyArn": "arn:aws:kms:eu-west-1:123456789012:key/1234abcd-12ab-34cd-56ef-1234567890ab"},
			2, []string{"eventsTopicArn: want a topic in us-east-1", "kmsKeyArn: want a key in us-east-1"},
		},
		"the worker's": {
			map[string]any{"workerQueueUrl": "https://sqs", "workerGrace": "10m", "workerCacheControl": "a\nb", "workerColour": "red"},
			4, []string{"workerQueueUrl: it is set otherwise: the job queue", "workerGrace: \"10m\": want a duration up to 1m45s", "workerCacheControl", "workerColour: no such setting"},
		},
		"the edge's": {
			map[string]any{"edgeAuto": "avif,svg", "edgeWidths": "on", "edgePending": "best", "edgeMaxJobs": 1, "edgeMaxSourceJobs": 1, "checkSource": true, "backfillQueue": true},
			3, []string{`edgeAuto: "svg" cannot be written`, `edgeWidths: "on": want true or false`, "edge…: an origin may have 10 custom headers, and these settings need 11"},
		},
		"existing distribution": {map[string]any{"existingDistribution": "E2QWRUHAPOMQZL", "mode": "origin-group"}, 1, []string{"existingDistribution: only with mode=lambda-edge"}},
		"function":              {map[string]any{"mode": "function", "edgePending": "none", "vpcOriginId": "vo_abc123", "edgeLambdaZip": "nowhere.zip"}, 3, []string{"edgePending: none is not for mode=function", "vpcOriginId: it needs originDomain", `edgeLambdaZip: stat nowhere.zip: no such file or directory: run "make edge-lambda"`}},
		"no function":           {map[string]any{"mode": "lambda@edge", "originDomain": "edge.example.com"}, 2, []string{"mode: \"lambda@edge\": want lambda-edge, origin-group or function", "originDomain: it needs mode=function"}},
		"no shield there":       {map[string]any{"region": "eu-north-1"}, 1, []string{"originShield: there is none in eu-north-1: use the nearest of ap-northeast-1"}},
		"certificate":           {map[string]any{"domainName": "a.example", "certificateArn": "arn:aws:acm:eu-west-1:123456789012:certificate/x"}, 2, []string{"certificateArn", "in us-east-1, where CloudFront looks"}},
		"bucket with dots":      {map[string]any{"existingBucket": "my.photos"}, 1, []string{"without dots"}},
		"no presets":            {map[string]any{"presets": "none.json"}, 1, []string{"presets: open", "none.json"}},
		"presets elsewhere":     {map[string]any{"presets": "../presets.json"}, 1, []string{"presets", "in the repository's root"}},
		"function is missing":   {map[string]any{"edgeZip": "nowhere.zip"}, 1, []string{"edgeZip: stat nowhere.zip", `run "make edge"`}},
	} {
		t.Run(name, func(t *testing.T) {
			if _, given := c.context["edgeZip"]; !given {
				c.context["edgeZip"] = zip
			}
			_, err := readSettings(newApp(t.TempDir(), c.context).Node())
			if err == nil {
				t.Fatal("no problem was found")
			}
			for _, want := range c.want {
				if !strings.Contains(err.Error(), want) {
					t.Errorf("no %q in\n%v", want, err)
				}
			}
			if got := strings.Count(err.Error(), "context "); got != c.problems {
				t.Errorf("%d problems, want %d:\n%v", got, c.problems, err)
			}
		})
	}
}

// The command line gives text; cdk.json gives JSON's types.
func TestTextAndTypesAreTheSame(t *testing.T) {
	zip := edgeZip(t)
	read := func(context map[string]any) settings {
		context["edgeZip"] = zip
		s, err := readSettings(newApp(t.TempDir(), context).Node())
		if err != nil {
			t.Fatal(err)
		}
		s.Presets = nil
		return s
	}
	got := read(map[string]any{"spot": "true", "maxTasks": "20", "cpu": "512", "memory": "1024", "cacheTags": "false"})
	want := read(map[string]any{"spot": true, "maxTasks": 20, "cpu": 512, "memory": 1024, "cacheTags": false})
	if text(got) != text(want) || !got.Spot || got.MaxTasks != 20 {
		t.Errorf("got  %s\nwant %s", text(got), text(want))
	}
}

// A folder that the template accepts must be one that the programs accept unchanged.
func TestFoldersAreKnownToThePrograms(t *testing.T) {
	pattern := synthesise(t, nil)["calotype"].Parameters["DestinationFolder"]["AllowedPattern"].(string)
	form := regexp.MustCompile("^(?:" + pattern + ")$") // CloudFormation matches the whole value.
	for folder, allowed := range map[string]bool{
		"resized": true, "a/b": true, "A_b-1": true,
		"": false, "/resized": false, "resized/": false, "a//b": false, "..": false, "a/../b": false, "*": false, "a b": false, "ä": false, "${x}": false, "a?": false,
	} {
		if got := form.MatchString(folder); got != allowed {
			t.Errorf("%q: allowed %v, want %v", folder, got, allowed)
		}
		if prefix, err := calotype.ParsePrefix(folder); allowed && (err != nil || string(prefix) != folder) {
			t.Errorf("%q is allowed, but the programs take it for %q, %v", folder, prefix, err)
		}
	}
}

// The image must contain the file that the context names.
func TestPresetsAreInTheImage(t *testing.T) {
	ignored, err := os.ReadFile(filepath.Join(root, ".dockerignore"))
	if err != nil {
		t.Fatal(err)
	}
	if !slices.Contains(strings.Split(string(ignored), "\n"), "!*.json") {
		t.Error(".dockerignore leaves the presets out")
	}
}
