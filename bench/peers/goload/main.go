// goload: the same load for immudb (embedded, server) and NATS JetStream, with latencies.
//
//	goload SYSTEM ADDRESS EVENTS BATCH CLIENTS
//
// SYSTEM: immudb-embedded (ADDRESS: a folder), immudb, nats-atomic, nats-one
package main

import (
	"context"
	"encoding/binary"
	"fmt"
	"log"
	"math/rand"
	"os"
	"sort"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/codenotary/immudb/embedded/store"
	"github.com/codenotary/immudb/pkg/api/schema"
	immudb "github.com/codenotary/immudb/pkg/client"
	"github.com/nats-io/nats.go"
)

const eventBytes = 200

func must[T any](v T, err error) T {
	if err != nil {
		log.Fatal(err)
	}
	return v
}

// A worker's append of one batch; first is the number of its first event.
type appendBatch func(first, n int) error

func key(n int) []byte { return binary.BigEndian.AppendUint64(make([]byte, 0, 8), uint64(n)) }

func main() {
	if len(os.Args) != 6 {
		log.Fatal("goload SYSTEM ADDRESS EVENTS BATCH CLIENTS")
	}
	system, address := os.Args[1], os.Args[2]
	events, batch, workers := must(strconv.Atoi(os.Args[3])), must(strconv.Atoi(os.Args[4])), must(strconv.Atoi(os.Args[5]))
	payload := make([]byte, eventBytes)
	rand.Read(payload)
	ctx := context.Background()
	var open func(w int) appendBatch
	done := func() {}

	switch system {
	case "immudb-embedded":
		options := store.DefaultOptions().WithSynced(true).WithMaxConcurrency(workers)
		if ms, err := strconv.Atoi(os.Getenv("IMMUDB_SYNC_MS")); err == nil {
			// How long a sync waits for company; 20 ms by default.
			options = options.WithSyncFrequency(time.Duration(ms) * time.Millisecond)
		}
		st := must(store.Open(address, options))
		done = func() { must(0, st.Close()) }
		open = func(int) appendBatch {
			return func(first, n int) error {
				tx, err := st.NewWriteOnlyTx(ctx)
				if err != nil {
					return err
				}
				for i := range n {
					if err := tx.Set(key(first+i), nil, payload); err != nil {
						return err
					}
				}
				_, err = tx.AsyncCommit(ctx) // durable when it returns; does not wait for the index
				return err
			}
		}
	case "immudb":
		open = func(int) appendBatch {
			c := immudb.NewClient().WithOptions(immudb.DefaultOptions().WithAddress("127.0.0.1").WithPort(must(strconv.Atoi(address))).WithDir(os.TempDir()))
			must(0, c.OpenSession(ctx, []byte("immudb"), []byte("immudb"), "defaultdb"))
			return func(first, n int) error {
				request := &schema.SetRequest{NoWait: true, KVs: make([]*schema.KeyValue, n)}
				for i := range n {
					request.KVs[i] = &schema.KeyValue{Key: key(first + i), Value: payload}
				}
				_, err := c.SetAll(ctx, request)
				return err
			}
		}
	case "nats-atomic", "nats-one":
		nc := must(nats.Connect(address))
		js := must(nc.JetStream())
		js.DeleteStream("EVENTS")
		must(nc.Request("$JS.API.STREAM.CREATE.EVENTS", []byte(`{"name":"EVENTS","subjects":["e.>"],"storage":"file","allow_atomic":true}`), 5*time.Second))
		open = func(w int) appendBatch {
			nc := must(nats.Connect(address))
			subject := "e." + strconv.Itoa(w)
			if system == "nats-one" {
				return func(first, n int) error { return ack(nc.Request(subject, payload, 30*time.Second)) }
			}
			return func(first, n int) error {
				for i := range n {
					m := nats.NewMsg(subject)
					m.Data = payload
					m.Header.Set("Nats-Batch-Id", fmt.Sprintf("b%d", first))
					m.Header.Set("Nats-Batch-Sequence", strconv.Itoa(i+1))
					if i == n-1 {
						m.Header.Set("Nats-Batch-Commit", "1")
						return ack(nc.RequestMsg(m, 30*time.Second))
					}
					if i == 0 { // the server answers the first, so that errors show early
						if r, err := nc.RequestMsg(m, 30*time.Second); err != nil || len(r.Data) > 0 {
							return fmt.Errorf("batch refused: %v %s", err, r.Data)
						}
						continue
					}
					if err := nc.PublishMsg(m); err != nil {
						return err
					}
				}
				return nil
			}
		}
	default:
		log.Fatal("unknown system")
	}

	appends := make([]appendBatch, workers)
	for w := range workers {
		appends[w] = open(w)
	}
	latencies := make([][]time.Duration, workers)
	var group sync.WaitGroup
	begin := time.Now()
	for w := range workers {
		group.Add(1)
		go func() {
			defer group.Done()
			for first := w * batch; first < events; first += workers * batch {
				t := time.Now()
				if err := appends[w](first, batch); err != nil {
					log.Fatal(err)
				}
				latencies[w] = append(latencies[w], time.Since(t))
			}
		}()
	}
	group.Wait()
	took := time.Since(begin)
	var all []time.Duration
	for _, l := range latencies {
		all = append(all, l...)
	}
	sort.Slice(all, func(i, j int) bool { return all[i] < all[j] })
	at := func(q float64) int64 { return all[min(len(all)-1, int(q*float64(len(all))))].Microseconds() }
	work := map[string]string{"immudb-embedded": "position, embedded", "immudb": "position, server",
		"nats-atomic": "position, atomic batches", "nats-one": "position"}[system]
	if ms := os.Getenv("IMMUDB_SYNC_MS"); ms != "" && system == "immudb-embedded" {
		work += ", sync window " + ms + " ms"
	}
	fmt.Printf("{\"name\": \"%s\", \"work\": \"%s\", \"batch\": %d, \"clients\": %d, \"events\": %d, \"rate\": %.0f, "+
		"\"p50_us\": %d, \"p99_us\": %d, \"durable\": true}\n", strings.Split(system, "-")[0], work, batch, workers, events,
		float64(events)/took.Seconds(), at(.5), at(.99))
	done()
}

func ack(m *nats.Msg, err error) error {
	if err == nil && string(m.Data[:min(9, len(m.Data))]) == `{"error":` {
		return fmt.Errorf("refused: %s", m.Data)
	}
	return err
}
