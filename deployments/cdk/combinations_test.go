package main

import (
	"encoding/json"
	"maps"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

const (
	kmsKey = "arn:aws:kms:us-east-1:123456789012:key/1234abcd-12ab-34cd-56ef-1234567890ab"
	topic  = "arn:aws:sns:us-east-1:123456789012:uploads"
)

// combinations are the contexts of every mode with every kind of bucket and every way of
// events.
func combinations() map[string]map[string]any {
	modes := map[string]map[string]any{
		"single origin": {}, "origin group": {"mode": "origin-group"}, "function": {"mode": "function"}, "check source": {"checkSource": true},
		"existing distribution": {"existingDistribution": "E2QWRUHAPOMQZL"},
	}
	buckets := map[string]map[string]any{
		"new bucket": {}, "existing bucket": {"existingBucket": "photos-of-ours"},
		"new KMS bucket": {"kmsKeyArn": kmsKey}, "existing KMS bucket": {"existingBucket": "photos-of-ours", "kmsKeyArn": kmsKey},
	}
	events := map[string]map[string]any{
		"no events": {}, "S3": {"events": "s3"}, "SNS": {"events": "sns"}, "EventBridge": {"events": "eventbridge"},
		"a topic": {"events": "sns", "eventsTopicArn": topic},
	}
	all := map[string]map[string]any{
		"as it comes": {},
		"all switched on": {
			"mode": "origin-group", "cacheTags": true, "spot": true, "backfillQueue": true, "events": "s3", "onUpload": "M,M.webp", "purge": true, "notify": "pictures", "alarmEmail": "team@example.com",
			"renditionsExpire": 90, "domainName": "pictures.example.com", "certificateArn": "arn:aws:acm:us-east-1:123456789012:certificate/12345678-1234-1234-1234-123456789012",
		},
		"in another Region": {"region": "eu-west-1", "checkSource": true, "events": "eventbridge", "notify": "default"},
		"function with everything": {
			"mode": "function", "backfillQueue": true, "events": "s3", "purge": true, "edgeAuto": "avif,webp", "edgeWidths": true, "edgePending": "best", "presets": "presets-web.json",
		},
		"function in another Region": {"mode": "function", "region": "eu-west-1", "purge": true},
		"function before a VPC":      {"mode": "function", "originDomain": "edge.example.com", "vpcOriginId": "vo_abc123"},
		"from none":                  {"minTasks": 0, "spot": true, "architecture": "arm64", "backfillQueue": true},
		"on machines":                {"capacity": "ec2", "spot": true, "architecture": "arm64", "events": "sns"},
	}
	for mode, m := range modes {
		for bucket, b := range buckets {
			for event, e := range events {
				if e["eventsTopicArn"] != nil && b["existingBucket"] == nil {
					continue // A new bucket publishes to a topic of its own.
				}
				context := map[string]any{}
				for _, part := range []map[string]any{m, b, e} {
					maps.Copy(context, part)
				}
				all[mode+", "+bucket+", "+event] = context
			}
		}
	}
	return all
}

// TestCombinations writes each combination's templates, with its context, into the folder
// CALOTYPE_TEST_TEMPLATES, for the checks in check/. Without it only those that differ most are
// written, and thrown away: that they can be written is the test.
func TestCombinations(t *testing.T) {
	all := combinations()
	if os.Getenv("CALOTYPE_TEST_TEMPLATES") == "" {
		maps.DeleteFunc(all, func(name string, _ map[string]any) bool { return strings.Contains(name, ", ") })
	}
	for name, context := range all {
		t.Run(name, func(t *testing.T) {
			written := maps.Clone(context)
			_, directory := synthesiseInto(t, context)
			if folder := os.Getenv("CALOTYPE_TEST_TEMPLATES"); folder != "" {
				to := filepath.Join(folder, name)
				if err := os.CopyFS(to, os.DirFS(directory)); err != nil {
					t.Fatal(err)
				}
				data, err := json.Marshal(written)
				if err == nil {
					err = os.WriteFile(filepath.Join(to, "context.json"), data, 0o644)
				}
				if err != nil {
					t.Fatal(err)
				}
			}
		})
	}
}
