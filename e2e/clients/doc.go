// Package clients tests the reading of real SDKs. It runs Node SDKs with their instrumentations against a stand-in
// provider, records the spans that they export, and compares what Faultline makes of them with one table.
//
// The recorded spans are in testdata, so that the comparison runs without Node. `make clients` records them anew
// through the built Collector.
package clients
