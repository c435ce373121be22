package main

import (
	"github.com/aws/aws-cdk-go/awscdk/v2/awsec2"
	"github.com/aws/jsii-runtime-go"
)

// network is where workers run. They call S3, SQS and other services over HTTPS and accept
// no connections. Public subnets therefore suffice, without the price of NAT. S3 is reached
// by a gateway endpoint, which is free.
type network struct {
	vpc     awsec2.Vpc
	outward awsec2.SecurityGroup
}

func newNetwork(home *stack) network {
	vpc := awsec2.NewVpc(home.Stack, jsii.String("Network"), &awsec2.VpcProps{
		MaxAzs:      jsii.Number(2),
		NatGateways: jsii.Number(0),
		SubnetConfiguration: &[]*awsec2.SubnetConfiguration{{
			Name: jsii.String("workers"), SubnetType: awsec2.SubnetType_PUBLIC, MapPublicIpOnLaunch: jsii.Bool(false),
		}},
		GatewayEndpoints: &map[string]*awsec2.GatewayVpcEndpointOptions{
			"S3": {Service: awsec2.GatewayVpcEndpointAwsService_S3()},
		},
	})
	outward := awsec2.NewSecurityGroup(home.Stack, jsii.String("Outward"), &awsec2.SecurityGroupProps{
		Vpc:              vpc,
		Description:      jsii.String("Calotype workers: HTTPS out, nothing in"),
		AllowAllOutbound: jsii.Bool(false),
	})
	outward.AddEgressRule(awsec2.Peer_AnyIpv4(), awsec2.Port_Tcp(jsii.Number(443)), jsii.String("AWS"), nil)
	return network{vpc, outward}
}
