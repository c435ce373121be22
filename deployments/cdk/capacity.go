package main

import (
	"github.com/aws/aws-cdk-go/awscdk/v2/awsautoscaling"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsec2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsecs"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsiam"
	"github.com/aws/jsii-runtime-go"
)

// onFargate runs the service on AWS's machines.
func onFargate(home *stack, s settings, network network, cluster awsecs.Cluster, task awsecs.TaskDefinition) awsecs.BaseService {
	return awsecs.NewFargateService(home.Stack, jsii.String("Workers"), &awsecs.FargateServiceProps{
		Cluster:                    cluster,
		TaskDefinition:             task,
		VpcSubnets:                 &awsec2.SubnetSelection{SubnetType: awsec2.SubnetType_PUBLIC},
		AssignPublicIp:             jsii.Bool(true), // For connections to SQS; nothing may connect to it.
		SecurityGroups:             &[]awsec2.ISecurityGroup{network.outward},
		CapacityProviderStrategies: fargate(s),
		MinHealthyPercent:          jsii.Number(100),
		MaxHealthyPercent:          jsii.Number(200),
		CircuitBreaker:             &awsecs.DeploymentCircuitBreaker{Rollback: jsii.Bool(true)},
		EnableECSManagedTags:       jsii.Bool(true),
		PropagateTags:              awsecs.PropagatedTagSource_SERVICE,
	})
}

// fargate keeps one task that AWS cannot take back, unless MinTasks is 0. A task that is
// taken back gets two minutes' notice, by the signal on which workers stop.
func fargate(s settings) *[]*awsecs.CapacityProviderStrategy {
	if !s.Spot {
		return &[]*awsecs.CapacityProviderStrategy{{CapacityProvider: jsii.String("FARGATE"), Weight: jsii.Number(1)}}
	}
	spot := &awsecs.CapacityProviderStrategy{CapacityProvider: jsii.String("FARGATE_SPOT"), Weight: jsii.Number(1)}
	if s.MinTasks == 0 {
		return &[]*awsecs.CapacityProviderStrategy{spot}
	}
	return &[]*awsecs.CapacityProviderStrategy{
		{CapacityProvider: jsii.String("FARGATE"), Base: jsii.Number(1), Weight: jsii.Number(0)}, spot,
	}
}

// onMachines runs the service on machines of the account, of which ECS has as many as its
// tasks need: by the hour of a CPU they cost a third to a half less than Fargate.
func onMachines(home *stack, s settings, network network, cluster awsecs.Cluster, task awsecs.TaskDefinition) awsecs.BaseService {
	hardware := awsecs.AmiHardwareType_STANDARD
	if s.Architecture == "arm64" {
		hardware = awsecs.AmiHardwareType_ARM
	}
	props := &awsec2.LaunchTemplateProps{
		InstanceType: awsec2.NewInstanceType(&s.InstanceType),
		// CloudFormation looks its number up when it deploys: nothing is looked up here.
		MachineImage:             awsecs.EcsOptimizedImage_AmazonLinux2023(hardware, nil),
		UserData:                 awsec2.UserData_ForLinux(nil),
		SecurityGroup:            network.outward,
		AssociatePublicIpAddress: jsii.Bool(true),
		RequireImdsv2:            jsii.Bool(true),
		// A container does not reach the machine's role.
		HttpPutResponseHopLimit: jsii.Number(1),
		Role: awsiam.NewRole(home.Stack, jsii.String("MachineRole"), &awsiam.RoleProps{
			Description: jsii.String("The ECS agent on Calotype's machines"),
			AssumedBy:   awsiam.NewServicePrincipal(jsii.String("ec2.amazonaws.com"), nil),
		}),
		BlockDevices: &[]*awsec2.BlockDevice{{
			DeviceName: jsii.String("/dev/xvda"),
			Volume:     awsec2.BlockDeviceVolume_Ebs(jsii.Number(30), &awsec2.EbsDeviceOptions{Encrypted: jsii.Bool(true), VolumeType: awsec2.EbsDeviceVolumeType_GP3}),
		}},
	}
	if s.Spot {
		props.SpotOptions = &awsec2.LaunchTemplateSpotOptions{RequestType: awsec2.SpotRequestType_ONE_TIME}
	}
	machines := awsautoscaling.NewAutoScalingGroup(home.Stack, jsii.String("Machines"), &awsautoscaling.AutoScalingGroupProps{
		Vpc:            network.vpc,
		VpcSubnets:     &awsec2.SubnetSelection{SubnetType: awsec2.SubnetType_PUBLIC},
		LaunchTemplate: awsec2.NewLaunchTemplate(home.Stack, jsii.String("Machine"), props),
		MinCapacity:    jsii.Number(0),
		MaxCapacity:    jsii.Number(s.MaxTasks), // ECS starts fewer where several tasks fit.
	})
	provider := awsecs.NewAsgCapacityProvider(home.Stack, jsii.String("MachineCapacity"), &awsecs.AsgCapacityProviderProps{
		AutoScalingGroup: machines, EnableManagedScaling: jsii.Bool(true), EnableManagedDraining: jsii.Bool(true),
		EnableManagedTerminationProtection: jsii.Bool(false), SpotInstanceDraining: jsii.Bool(s.Spot),
	})
	cluster.AddAsgCapacityProvider(provider, nil)
	return awsecs.NewEc2Service(home.Stack, jsii.String("Workers"), &awsecs.Ec2ServiceProps{
		Cluster:        cluster,
		TaskDefinition: task,
		CapacityProviderStrategies: &[]*awsecs.CapacityProviderStrategy{
			{CapacityProvider: provider.CapacityProviderName(), Weight: jsii.Number(1)},
		},
		PlacementStrategies:  &[]awsecs.PlacementStrategy{awsecs.PlacementStrategy_PackedByMemory()},
		MinHealthyPercent:    jsii.Number(100),
		MaxHealthyPercent:    jsii.Number(200),
		CircuitBreaker:       &awsecs.DeploymentCircuitBreaker{Rollback: jsii.Bool(true)},
		EnableECSManagedTags: jsii.Bool(true),
		PropagateTags:        awsecs.PropagatedTagSource_SERVICE,
	})
}
