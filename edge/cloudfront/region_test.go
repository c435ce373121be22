package cloudfront

import "testing"

func TestBucketRegion(t *testing.T) {
	for want, o := range map[string]eventOrigin{
		"eu-west-1":  {DomainName: "b.s3.eu-west-1.amazonaws.com"},
		"eu-west-2":  {DomainName: "b.c.s3.dualstack.eu-west-2.amazonaws.com"},
		"eu-north-1": {Region: "eu-north-1", DomainName: "b.s3.eu-west-1.amazonaws.com"},
		"cn-north-1": {DomainName: "b.s3.cn-north-1.amazonaws.com.cn"},
		"ap-south-1": {DomainName: "my.s3.pictures.s3.ap-south-1.amazonaws.com"},
		"eu-west-3":  {DomainName: "b.s3-eu-west-3.amazonaws.com"},
		"us-west-2":  {DomainName: "b.s3-website-us-west-2.amazonaws.com"},
		"eu-south-1": {DomainName: "b.s3-website.eu-south-1.amazonaws.com"},
		"":           {DomainName: "b.s3.amazonaws.com"},
	} {
		if got := bucketRegion(o); got != want {
			t.Errorf("%+v: got %q, want %q", o, got, want)
		}
	}
}

func TestQueueRegion(t *testing.T) {
	for url, want := range map[string]string{
		"https://sqs.eu-west-1.amazonaws.com/1/q":               "eu-west-1",
		"https://sqs-fips.us-east-2.amazonaws.com/1/q":          "us-east-2",
		"https://sqs.us-west-2.api.aws/1/q":                     "us-west-2",
		"https://sqs.cn-north-1.amazonaws.com.cn/1/q":           "cn-north-1",
		"https://ap-south-1.queue.amazonaws.com/1/q":            "ap-south-1",
		"https://vpce-1-2.sqs.us-east-1.vpce.amazonaws.com/1/q": "us-east-1",
		"https://queue.amazonaws.com/1/q":                       "us-east-1",
		"http://127.0.0.1:9324/1/q":                             "",
		"https://sqs.example.com/1/q":                           "",
	} {
		if got := queueRegion(url); got != want {
			t.Errorf("%s: got %q, want %q", url, got, want)
		}
	}
}
