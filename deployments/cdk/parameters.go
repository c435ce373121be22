package main

import (
	"strconv"

	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/jsii-runtime-go"

	"calotype/worker"
)

// The patterns of parameters. A folder that matches is one that calotype.ParsePrefix
// accepts unchanged, and that IAM takes literally: no wildcards, no slash at either end.
const (
	bucketPattern = `[a-z0-9][a-z0-9-]{1,61}[a-z0-9]`
	folderPattern = `[A-Za-z0-9_-]+(/[A-Za-z0-9_-]+)*`
)

// addParameters adds the parameters of the tutorial's template, under its names. Their
// defaults are the worker's.
func (st *stack) addParameters(s settings) {
	d := worker.Defaults()
	st.Bucket = &s.ExistingBucket
	if s.ExistingBucket == "" {
		st.Bucket = st.parameter("BucketName", awscdk.CfnParameterProps{
			Description:           jsii.String("The name of the new bucket for the pictures"),
			AllowedPattern:        jsii.String(bucketPattern),
			ConstraintDescription: jsii.String("3 to 63 lower-case letters, digits and dashes (no dots: CloudFront could not reach it over TLS)"),
		})
	}
	st.Folder = st.parameter("DestinationFolder", awscdk.CfnParameterProps{
		Description:           jsii.String("The prefix of the renditions' keys"),
		Default:               string(d.Prefix),
		AllowedPattern:        jsii.String(folderPattern),
		MaxLength:             jsii.Number(64),
		ConstraintDescription: jsii.String("letters, digits, - and _, no slash at either end"),
	})
	st.Quality = st.parameter("Quality", awscdk.CfnParameterProps{
		Description: jsii.String("The quality of renditions, 1 to 100"),
		Type:        jsii.String("Number"),
		Default:     strconv.Itoa(d.Quality),
		MinValue:    jsii.Number(1),
		MaxValue:    jsii.Number(100),
	})
	if s.Mode == modeFunction {
		st.addSecrets()
	}
}

// addSecrets adds the secret with which the distribution asks the edge for renditions, and
// the one before it, which stays valid while the new one is deployed.
func (st *stack) addSecrets() {
	const pattern = `[!-+\--~]{24,128}` // ASCII without spaces and commas.
	st.Secret = st.parameter("OriginSecret", awscdk.CfnParameterProps{
		Description:           jsii.String("A secret between CloudFront and the edge, such as of openssl rand -hex 32"),
		NoEcho:                jsii.Bool(true),
		AllowedPattern:        jsii.String(pattern),
		ConstraintDescription: jsii.String("24 to 128 characters of ASCII, without spaces and commas"),
	})
	st.PreviousSecret = st.parameter("PreviousOriginSecret", awscdk.CfnParameterProps{
		Description:           jsii.String("The secret before it, while it is replaced; otherwise empty"),
		NoEcho:                jsii.Bool(true),
		Default:               "",
		AllowedPattern:        jsii.String("(" + pattern + ")?"),
		ConstraintDescription: jsii.String("24 to 128 characters of ASCII, without spaces and commas, or empty"),
	})
}

func (st *stack) parameter(id string, props awscdk.CfnParameterProps) *string {
	// A number is text too, because it is written into headers and variables.
	return awscdk.Fn_Ref(awscdk.NewCfnParameter(st.Stack, &id, &props).LogicalId())
}
