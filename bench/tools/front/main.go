// Command front is one endpoint for several S3 servers, one for each region, since versitygw takes requests of one region only.
// Usage: front LISTEN REGION=ADDRESS [REGION=ADDRESS...]. A request goes to the region that it is signed for.
package main

import (
	"io"
	"log"
	"net/http"
	"net/http/httputil"
	"os"
	"regexp"
	"strings"
	"sync"
)

var region = regexp.MustCompile(`Credential=[^/]+/\d{8}/([^/]+)/`)

type buffers struct{ sync.Pool }

func (b *buffers) Get() []byte  { return b.Pool.Get().([]byte) }
func (b *buffers) Put(p []byte) { b.Pool.Put(p) }

func main() {
	servers := map[string]string{}
	for _, pair := range os.Args[2:] {
		name, address, _ := strings.Cut(pair, "=")
		servers[name] = address
	}
	_, first, _ := strings.Cut(os.Args[2], "=")
	proxy := &httputil.ReverseProxy{
		Director: func(request *http.Request) {
			request.URL.Scheme, request.URL.Host = "http", first
			if match := region.FindStringSubmatch(request.Header.Get("Authorization")); match != nil {
				if address, ok := servers[match[1]]; ok {
					request.URL.Host = address
				}
			}
			// The signature covers the headers as they are.
			request.Header["X-Forwarded-For"] = nil
			if request.Header["User-Agent"] == nil {
				request.Header["User-Agent"] = []string{""}
			}
		},
		Transport:  &http.Transport{MaxIdleConnsPerHost: 1024, DisableCompression: true, WriteBufferSize: 256 << 10},
		BufferPool: &buffers{sync.Pool{New: func() any { return make([]byte, 256<<10) }}},
		ErrorLog:   log.New(io.Discard, "", 0),
	}
	log.Fatal(http.ListenAndServe(os.Args[1], proxy))
}
