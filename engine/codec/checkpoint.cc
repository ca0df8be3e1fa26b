#include "engine/codec/checkpoint.h"

#include "engine/base/bytes.h"
#include "engine/codec/internal/wire.h"
#include "schemas/daybook/v1/command.pb.h"

namespace daybook::codec {

Checkpoint read_checkpoint(std::string_view command) {
    using Sealed = v1::CheckpointSealed;
    std::string_view payload;
    for (WireReader field(command); field.next();) {
        if (field.number() == v1::Command::kCheckpointSealedFieldNumber) payload = field.bytes();
    }
    Checkpoint out;
    out.size = 1;  // 0 … last, and a last of 0 is left out
    for (WireReader field(payload); field.next();) {
        switch (field.number()) {
            case Sealed::kLastFieldNumber: out.size = field.number_value() + 1; break;
            case Sealed::kRootFieldNumber: out.root = field.bytes(); break;
            case Sealed::kSignerFieldNumber: out.signer = field.bytes(); break;
            case Sealed::kSignatureFieldNumber: out.signature = field.bytes(); break;
            case Sealed::kViewsFieldNumber: {
                auto& [name, digest] = out.views.emplace_back();
                for (WireReader view(field.bytes()); view.next();) {
                    if (view.number() == Sealed::ViewDigest::kViewFieldNumber) name = view.bytes();
                    if (view.number() == Sealed::ViewDigest::kDigestFieldNumber) digest = view.bytes();
                }
                break;
            }
            default: break;
        }
    }
    return out;
}

std::string checkpoint_text(const LedgerId& ledger, const Checkpoint& checkpoint) {
    std::string text = "daybook checkpoint 1\nledger " + ledger.text() + "\nsize " + std::to_string(checkpoint.size) +
                       "\nroot " + hex(checkpoint.root) + "\n";
    for (const auto& [name, digest] : checkpoint.views) {
        text += "view " + std::string(name) + " " + hex(digest) + "\n";
    }
    return text;
}

}  // namespace daybook::codec
