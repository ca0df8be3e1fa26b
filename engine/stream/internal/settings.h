// The settings of the Kafka clients that are made from Options.
#pragma once

#include "engine/stream/internal/kafka.h"
#include "engine/stream/publisher.h"

namespace daybook::stream {

// Of every client.
kafka::Settings client_settings(const Options& options);
// Of a consumer for PartitionReaders.
kafka::Settings lone_reader(const kafka::Settings& common);

}  // namespace daybook::stream
