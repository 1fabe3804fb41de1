// Go's own reverse proxy, httputil.ReverseProxy, as small as it can be used sensibly:
// keep-alive to the upstream with room for all connections, no logging.
// With an empty -upstream it is the fixed-response upstream instead.
package main

import (
	"flag"
	"io"
	"log"
	"net/http"
	"net/http/httputil"
	"net/url"
	"time"
)

func proxy(upstream string) http.Handler {
	target, err := url.Parse(upstream)
	if err != nil {
		log.Fatal(err)
	}
	handler := httputil.NewSingleHostReverseProxy(target)
	handler.Transport = &http.Transport{
		MaxIdleConns:        4096,
		MaxIdleConnsPerHost: 4096,
		IdleConnTimeout:     90 * time.Second,
		DisableCompression:  true,
	}
	return handler
}

func fixed(folder string) http.Handler {
	small := []byte("{\"hello\":\"world\"}\n")
	return http.HandlerFunc(func(answer http.ResponseWriter, request *http.Request) {
		_, _ = io.Copy(io.Discard, request.Body)
		if request.URL.Path == "/large" || request.URL.Path == "/huge" {
			http.ServeFile(answer, request, folder+request.URL.Path)
			return
		}
		answer.Header().Set("Content-Type", "application/json")
		_, _ = answer.Write(small)
	})
}

func main() {
	listen := flag.String("listen", "127.0.0.1:0", "plain listener")
	secure := flag.String("tls-listen", "", "TLS listener")
	certificate := flag.String("certificate", "", "PEM file")
	key := flag.String("key", "", "PEM file")
	upstream := flag.String("upstream", "", "URL; empty: be the upstream")
	files := flag.String("files", "", "folder of the files large and huge, for the upstream")
	flag.Parse()

	handler := http.Handler(nil)
	if *upstream == "" {
		handler = fixed(*files)
	} else {
		handler = proxy(*upstream)
	}
	if *secure != "" {
		server := &http.Server{Addr: *secure, Handler: handler, TLSNextProto: nil}
		go func() { log.Fatal(server.ListenAndServeTLS(*certificate, *key)) }()
	}
	log.Fatal(http.ListenAndServe(*listen, handler))
}
