// A worker for one turn on the generated client in Go. Its argument is the URL of a server.
package main

import (
	"context"
	"encoding/json"
	"fmt"
	"os"

	streamlocks "github.com/GIT_USER_ID/GIT_REPO_ID"
)

func check(ok bool, what string, more ...any) {
	if !ok {
		fmt.Println(append([]any{"FAILED: Go:", what}, more...)...)
		os.Exit(1)
	}
}

func main() {
	configuration := streamlocks.NewConfiguration()
	configuration.Servers = streamlocks.ServerConfigurations{{URL: os.Args[1]}}
	locks := streamlocks.NewAPIClient(configuration).LocksAPI
	ctx := context.Background()

	ids := []string{"go/a b", "go/a+b", "go/x/../y", "go/Àé\U0001F600", "go/100%2F"}
	leaseIds := []string{}
	acquires := []streamlocks.BatchAcquireItem{}
	for i, id := range ids {
		leaseIds = append(leaseIds, fmt.Sprintf("5f0c1c5e-5a0a-4f5e-9d57-3f8f1f8f6f%02d", i))
		acquire := streamlocks.NewBatchAcquireItem(id, "go")
		acquire.SetLeaseId(leaseIds[i])
		acquires = append(acquires, *acquire)
	}
	acquired, _, err := locks.AcquireLocks(ctx).BatchAcquireRequest(*streamlocks.NewBatchAcquireRequest(acquires)).Execute()
	check(err == nil, "acquire", err)
	renewals := []streamlocks.BatchRenewItem{}
	releases := []streamlocks.BatchReleaseItem{}
	for i, result := range acquired.Results {
		check(result.Status == 200 && result.Lease.StreamId == ids[i], "acquired", ids[i], result)
		check(result.Lease.FencingToken > 0 && !result.Lease.ExpiresAt.IsZero(), "the lease of", ids[i])
		renewals = append(renewals, *streamlocks.NewBatchRenewItem(ids[i], leaseIds[i]))
		releases = append(releases, *streamlocks.NewBatchReleaseItem(ids[i], leaseIds[i]))
	}
	renewed, _, err := locks.RenewLocks(ctx).BatchRenewRequest(*streamlocks.NewBatchRenewRequest(renewals)).Execute()
	check(err == nil, "renew", err)
	for i, result := range renewed.Results {
		check(result.Status == 200 && result.Lease.StreamId == ids[i], "renewed", ids[i], result)
	}
	released, _, err := locks.ReleaseLocks(ctx).BatchReleaseRequest(*streamlocks.NewBatchReleaseRequest(releases)).Execute()
	check(err == nil, "release", err)
	for i, result := range released.Results {
		check(result.Status == 204, "released", ids[i], result)
	}
	renewed, _, err = locks.RenewLocks(ctx).BatchRenewRequest(*streamlocks.NewBatchRenewRequest(renewals)).Execute()
	check(err == nil, "renew what was released", err)
	for i, result := range renewed.Results {
		check(result.Status == 410 && result.Problem.GetReason() == streamlocks.RELEASED, "lost", ids[i], result)
	}

	// A newer server may send this response.
	var newer streamlocks.ReleaseResult
	check(json.Unmarshal([]byte(os.Args[2]), &newer) == nil, "a value and a field that are new", os.Args[2])
	check(newer.Problem.GetReason() == streamlocks.LOSSREASON_UNKNOWN_DEFAULT_OPEN_API, "a reason that is new", newer)
	fmt.Println("Go: acquired, renewed and released")
}
