// A command as a client sends it: an event that is asked for. decide() turns it into an Event or a Refusal.
//
// Only what custody decides by is here; descriptive fields (brand, photos, waybills …) stay in the encoded command,
// which is stored verbatim. Ownership: every string_view points into memory that the maker of the Command keeps alive
// (codec::CommandBatch). Units: money in minor units, weight in milligrams, stones in thousandths of a carat.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "engine/base/ids.h"
#include "engine/base/time.h"
#include "engine/custody/account.h"
#include "schemas/state_machine.gen.h"

namespace daybook::custody {

// Minor units of an ISO 4217 currency, whose three letters are packed big-endian into `currency` (0: none given).
struct Money {
    std::int64_t minor = 0;
    std::uint32_t currency = 0;
    friend bool operator==(const Money&, const Money&) = default;
};

enum class OwnerKind : std::uint8_t { kUnknown, kHouse, kVendor, kClient, kInsurer };
// HOUSE:{entity}, VENDOR:{party}, CLIENT:{party}, INSURER, UNKNOWN.
struct Owner {
    OwnerKind kind = OwnerKind::kUnknown;
    std::uint64_t id = 0;
    friend bool operator==(const Owner&, const Owner&) = default;
};

struct Actor {
    Principal principal = 0;
    Role role{};
    std::uint64_t device = 0;
};

// A signature beside the actor's. How it was given and the digest stay in the encoded command. `role` is nullopt for
// an open signer (witness, recipient, client …).
struct Attestation {
    Principal principal = 0;
    std::optional<Role> role;
};

enum class DocType : std::uint8_t {
    kOther, kCarnet, kCites, kKpSow, kExportDeclaration, kImport, kCertLab, kInsurance, kMemo, kTransfer, kInvoice,
    kCreditNote, kRepairOrder, kPurchaseOrder, kDespatchAdvice, kWaybill, kClientSignedBasis
};
struct Doc {
    DocType type{};
    std::string_view number;
};

// One piece, or a quantity of one supply.
struct Line {
    ItemId item;                   // empty where the line is of a supply
    SupplyId supply = 0;           // 0 where the line is of a piece
    std::int64_t quantity = 0;     // supplies: pieces of the unit; signed for COUNT_ADJUST
    std::int64_t measure = 0;      // supplies: milligrams or thousandths of a carat
    AccountId from;                // empty: the event's, or the holder
    AccountId to;                  // empty: the event's. CountScanned: the account where it was seen
};

struct Expectation {
    ItemId item;
    std::uint32_t version = 0;
};

struct Late {
    bool flag = false;
    std::string_view reason;
    Principal approver = 0;
};

// ---- What each event type adds. A type without decisive fields has an empty struct. ----

struct Grant {
    Principal principal = 0;
    Role role{};
    SiteId site = 0;  // 0: every site
};
struct LedgerCreated {
    EntityId entity = 0;
    std::uint32_t currency = 0;
    std::vector<Grant> grants;
};

enum class Origin : std::uint8_t { kUnspecified, kSupplier, kClient, kFound, kOpening };
struct ItemRegistered {
    std::string_view epc;
    Origin origin{};
    Owner owner;
    std::string_view model, collection, category, metal, stone, cites_species, country;
    Money cost, insured, retail;
    std::int64_t gross_mg = 0;
};
enum class AmendedField : std::uint8_t { kUnspecified, kDescription, kWeight, kModel, kCost, kInsured, kRetail };
struct ItemAmended {
    AmendedField field{};
    Money money;             // kCost, kInsured, kRetail
    std::int64_t gross_mg = 0;
    std::string_view text;   // kDescription, kModel
};
struct IdentityResolved {
    bool keep = false;
    ItemId real;  // where not kept
};
struct ItemDecommissioned {};
struct SupplyRegistered {
    SupplyId supply = 0;
    std::string_view sku, unit;
    std::int64_t reorder_point = 0, reorder_quantity = 0;
};
struct AccountOpened {
    AccountId account;
    std::int64_t capacity = 0;            // pieces; 0: no bound stated
    std::optional<Money> insured_limit;
    bool sellable = true;
    bool night_empty = false;
};
struct AccountClosed {
    AccountId account;
};
enum class PartyKind : std::uint8_t { kUnspecified, kClient, kVendor, kCarrier, kWorkshop, kEntity, kStaff };
struct PartyRegistered {
    PartyId party = 0;
    PartyKind kind{};
    std::string_view country;  // ISO 3166 alpha-2, may be empty
};
// [from, to); from 0: from occurred_at on; to 0: for ever. Used by RoleGranted and RoleRevoked.
struct RoleChange {
    Grant grant;
    Micros from = 0;
    Micros to = 0;
};
struct RoleGranted : RoleChange {};
struct RoleRevoked : RoleChange {};

// One rule of docs.required: every rule that matches adds its types.
struct DocRule {
    std::string_view from;    // origin site number or "*"
    std::string_view to;      // site number, "country:XX", "kind:CLIENT" … or "*"
    // "category:RING", "metal:GOLD_18K", "stone:DIAMOND", "cites", "value>=100000", "title:CLIENT", or "" for always.
    std::string_view when;
    std::vector<DocType> types;
};
struct LocalTime {
    int minute_of_day = 0;
    int offset_minutes = 0;  // of the zone, from UTC
};
using PolicyValue = std::variant<std::monostate, std::int64_t, Money, LocalTime, std::vector<DocRule>,
                                 std::vector<std::int64_t>, std::string_view>;
struct PolicySet {
    std::string_view key;
    PolicyValue value;
    SiteId site = 0;  // scope; 0: the entity
    Micros from = 0;  // 0: from occurred_at on
};

struct GoodsReceived {
    bool bought = false;  // title passes to the house
};
enum class ReceivedPurpose : std::uint8_t { kUnspecified, kRepair, kReturn, kTradeIn, kConsignIn };
struct ReceivedFromClient {
    ReceivedPurpose purpose{};
};
enum class DifferenceKind : std::uint8_t {
    kUnspecified, kShort, kOver, kWrong, kDamaged, kSeal, kSealBroken, kWeightDiff, kWrongItem,
    kMissing, kUnexpected, kMisplaced, kCondition, kQuantity, kDocument
};
struct ReceiptDiscrepancyRecorded {
    DifferenceKind kind{};
};
struct PutAway {};
struct VaultOpened {};
struct VaultClosed {
    ObligationId closing_count;
    std::vector<AccountId> exceptions;  // night-empty accounts that are not
};
enum class SignOutPurpose : std::uint8_t {
    kUnspecified, kDisplay, kWindow, kPresentation, kPhoto, kInspection, kPolish, kSecurity
};
struct SignedOut {
    SignOutPurpose purpose{};
    Principal recipient = 0;
    Micros due_at = 0;
};
struct SignedIn {};
struct HandedOver {
    Micros due_at = 0;  // 0: as before
};
struct Relocated {};
enum class HoldReason : std::uint8_t { kUnspecified, kQa, kDamage, kInvestigation, kRecall };
struct MovedToHold {
    HoldReason reason{};
};
struct CustodianChanged {
    AccountId account;
    Principal old_custodian = 0, new_custodian = 0;
    ObligationId count;
};
enum class CountKind : std::uint8_t { kUnspecified, kOpening, kClosing, kSpot, kMonthly, kHandover };
struct CountOpened {
    CountKind kind{};
    std::vector<AccountId> accounts;
};
struct CountScanned {
    ObligationId count;
};
// The five lists of a count.
struct CountLists {
    std::vector<ItemId> matched, missing, moved, misplaced, unexpected;
    friend bool operator==(const CountLists&, const CountLists&) = default;
};
struct CountAttested {
    ObligationId count;
    std::optional<CountLists> lists;  // if sent, they must be the engine's
};
struct CountAbandoned {
    ObligationId count;
};
struct DiscrepancyOpened {
    DifferenceKind kind{};
};
// Names an obligation. A discrepancy that a many-line event opened for one piece is {id}:{item}; one opened by a
// count is {count}:{kind}:{item}.
struct ObligationRef {
    ObligationId id;
    DifferenceKind kind{};  // kUnspecified outside count discrepancies
    ItemId item;            // empty where the obligation is the whole event's
    friend auto operator<=>(const ObligationRef&, const ObligationRef&) = default;
};
enum class DiscrepancyOutcome : std::uint8_t {
    kUnspecified, kFound, kLateEntry, kCorrection, kSoldUnrecorded, kDamaged, kLoss, kCountError
};
struct DiscrepancyResolved {
    ObligationRef discrepancy;
    DiscrepancyOutcome outcome{};
};
struct DeclaredMissing {};
struct ItemRecovered {};
enum class LossKind : std::uint8_t { kUnspecified, kTheft, kLostInTransit, kUnexplained, kDestroyed };
struct LossDeclared {
    LossKind kind{};
    bool title_to_insurer = false;
};
struct ObligationSettled {
    ObligationRef obligation;
};
struct DayClosed {
    ObligationId closing_count;
};

enum class TransferPurpose : std::uint8_t {
    kUnspecified, kReplenish, kRebalance, kLoan, kPhoto, kEvent, kAppointment, kRepair, kSupplierReturn,
    kClientDelivery, kIntercompany, kMemo, kSupply, kMemoReturn, kRepairReturn, kClientSendIn
};
enum class MemoPurpose : std::uint8_t { kUnspecified, kOnApproval, kPress, kEvent, kExhibition, kTrade };
// Where a transfer goes: to a site, or to an outside account of a party.
struct Destination {
    SiteId site = 0;
    AccountId account;  // outside account
    PartyId party = 0;
};
struct TransferRequested {
    ObligationId request;
    TransferPurpose purpose{};
    Destination dest;
};
struct TransferApproved {
    ObligationId request;
};
struct TransferRejected {
    ObligationId request;
};
struct TransferPacked {
    PartyId for_party = 0;
    ObligationId request;  // empty: none
    std::string_view parcel;  // SSCC
    std::string_view seal;
};
struct TransferUnpackedBeforeDispatch {};
struct TransferDispatched {
    Destination dest;
    TransferPurpose purpose{};
    MemoPurpose memo_purpose{};  // where dest is a memo account
    PartyId carrier = 0;
    Micros due_at = 0;  // eta
};
struct InboundDispatched {
    PartyId sender = 0;
    TransferPurpose purpose{};
    Micros due_at = 0;
};
struct TransferReceived {
    std::string_view seal;
    bool intact = true;
};
struct TransferExceptionRecorded {
    DifferenceKind kind{};
};
struct TransferReturned {};
struct TransferDelivered {
    PartyId party = 0;   // memo party or workshop
    Micros due_at = 0;
};
struct TransferVoided {};
struct MemoOutIssued {
    std::string_view memo;  // number
    PartyId party = 0;
    MemoPurpose purpose{};
    Micros due_at = 0;
    Money insured;
};
struct MemoExtended {
    Micros due_at = 0;
};
struct MemoReturned {};
struct MemoInReceived {
    PartyId vendor = 0;
    Micros due_at = 0;
};
struct MemoInPurchased {};
struct TitleTransferred {
    Owner from, to;
};
struct RepairOpened {
    PartyId client = 0;  // 0: the house's own piece
    Micros promised_at = 0;
};
struct RepairAuthorised {};
struct RepairDeclined {};
struct SentToWorkshop {
    PartyId workshop = 0;
    Micros due_at = 0;
};
struct RepairWorkRecorded {};
struct ReturnedFromWorkshop {};
struct ReleasedToClient {
    bool collector_is_owner = true;
};
enum class Verdict : std::uint8_t { kNone, kPass, kConditional, kFail };
enum class InspectionPhase : std::uint8_t {
    kUnspecified, kIn, kOut, kMemoReturn, kRepairIn, kRepairOut, kStock, kComIn, kComOut
};
struct InspectionRecorded {
    InspectionPhase phase{};
    Verdict verdict{};
};
struct QuarantineSet {};
struct QuarantineReleased {};
struct DamageRecorded {};
struct ReservationPlaced {
    PartyId party = 0;
    Micros until = 0;
    std::string_view document;  // firm order number
};
struct ReservationReleased {};
enum class Handover : std::uint8_t { kUnspecified, kNow, kLater };
struct SaleCompleted {
    PartyId party = 0;
    Handover handover{};
    Money price, tax;
    std::int32_t discount_thousandths = 0;
    std::string_view invoice;
};
struct SaleReturned {
    std::string_view credit_note, invoice;
    Money refund;
};
enum class SupplyMove : std::uint8_t { kUnspecified, kReceived, kIssued, kCountAdjust, kScrapped };
struct SupplyMoved {
    SupplyMove kind{};
};
struct CarnetBound {
    std::string_view number;
    Micros reexport_by = 0;
};
struct CarnetReleased {};
struct ComplianceDocAttached {
    DocType type{};
    std::string_view number;
    Micros from = 0, to = 0;  // [from, to); to 0: for ever
};
struct LimitOverrideApproved {
    std::string_view limit;    // the policy key or the account's path
    Money allowed;
    Micros until = 0;
};
enum class CorrectionReason : std::uint8_t { kUnspecified, kDidNotOccur, kIncorrectData };
struct CorrectionDeclared {
    EventId target;
    CorrectionReason reason{};
    std::vector<EventId> correctives;
};
enum class ExceptionKind : std::uint8_t {
    kUnspecified, kOverdue, kNotReceived, kLimit, kUncounted, kDocExpiring, kSessionOpenLate
};
struct ExceptionRaised {
    ObligationId exception;
    ExceptionKind kind{};
    std::string_view subject;  // obligation id, account path, or site-day
};
struct ExceptionCleared {
    ObligationId exception;
};
struct CheckpointSealed {};

// The alternatives stand in the order of the v1 entries of schemas/state_machine.json, which a test checks.
using Payload = std::variant<
    LedgerCreated, ItemRegistered, ItemAmended, IdentityResolved, ItemDecommissioned, SupplyRegistered, AccountOpened,
    AccountClosed, PartyRegistered, RoleGranted, RoleRevoked, PolicySet, GoodsReceived, ReceivedFromClient,
    ReceiptDiscrepancyRecorded, PutAway, VaultOpened, VaultClosed, SignedOut, SignedIn, HandedOver, Relocated,
    MovedToHold, CustodianChanged, CountOpened, CountScanned, CountAttested, CountAbandoned, DiscrepancyOpened,
    DiscrepancyResolved, DeclaredMissing, ItemRecovered, LossDeclared, ObligationSettled, DayClosed, TransferRequested,
    TransferApproved, TransferRejected, TransferPacked, TransferUnpackedBeforeDispatch, TransferDispatched,
    InboundDispatched, TransferReceived, TransferExceptionRecorded, TransferReturned, TransferDelivered, TransferVoided,
    MemoOutIssued, MemoExtended, MemoReturned, MemoInReceived, MemoInPurchased, TitleTransferred, RepairOpened,
    RepairAuthorised, RepairDeclined, SentToWorkshop, RepairWorkRecorded, ReturnedFromWorkshop, ReleasedToClient,
    InspectionRecorded, QuarantineSet, QuarantineReleased, DamageRecorded, ReservationPlaced, ReservationReleased,
    SaleCompleted, SaleReturned, SupplyMoved, CarnetBound, CarnetReleased, ComplianceDocAttached, LimitOverrideApproved,
    CorrectionDeclared, ExceptionRaised, ExceptionCleared, CheckpointSealed>;

struct Command {
    EventType type{};
    EventId event_id;
    std::optional<Micros> occurred_at;  // left out: the engine stamps it
    EntityId entity = 0;
    SiteId site = 0;
    Actor actor;
    std::vector<Attestation> attest;
    ObligationId obligation;            // the one that the event opens; empty: none
    std::vector<Line> lines;
    AccountId from, to;                 // where the lines name none
    std::vector<Doc> docs;
    std::vector<Expectation> expect;
    Late late;
    Payload payload;
    std::string_view bytes;             // the encoded command as sent: what is stored, compared and hashed
};

// The name of the DISCREPANCY that a command opens for a piece (item empty: for none): {id}:{item} where it is a
// DeclaredMissing or has several lines, else {id}. Not for CountAttested, which names its own.
ObligationRef opened_discrepancy(const Command& command, const ItemId& item);

}  // namespace daybook::custody
