import HazelBridge
import HazelWallet
import SwiftUI
import WalletScreens

/// What partners take along for one another, and, for the partner of a tally, who may take something to them.
struct ErrandsScreen: View {
    let holding: Holding
    let tally: String?
    @State private var state: ErrandsState?
    @State private var mishap: Mishap?

    var body: some View {
        List {
            if let mishap { MishapText(mishap) }
            Text(Phrase("errands_about").text).font(.footnote)
            if let state {
                if let done = state.done { Text(done.text) }
                if let partner = state.partner { carriers(state, partner) }
                if !state.mine.isEmpty { section("errands_mine", state.mine) }
                if !state.carried.isEmpty { section("errands_carried", state.carried) }
                if state.mine.isEmpty, state.carried.isEmpty { Text(Phrase("errands_none").text) }
                Section {
                    Text(Phrase(state.carries ? "errands_carrying" : "errands_not_carrying").text)
                    Button(Phrase(state.carries ? "errands_carry_no_more" : "errands_carry").text) {
                        act { [carries = !state.carries] in try $0.carryErrands(carries: carries); return nil }
                    }
                }
            }
        }
        .navigationTitle(Phrase("errands").text)
        .task { await look(nil) }
    }

    private func carriers(_ state: ErrandsState, _ partner: String) -> some View {
        Section(Phrase("errand_by", partner).text) {
            ForEach(state.carriers) { carrier in
                VStack(alignment: .leading, spacing: 2) {
                    Button(carrier.partner) { give(carrier, partner) }
                    Text(Phrase("errand_by_under").text).font(.footnote).foregroundStyle(.secondary)
                }
                .accessibilityElement(children: .combine)
            }
            if state.carriers.isEmpty { Text(Phrase("errand_nobody").text) }
        }
    }

    private func section(_ title: String, _ rows: [ErrandRow]) -> some View {
        Section(Phrase(title).text) {
            ForEach(rows) { row in
                VStack(alignment: .leading, spacing: 2) {
                    Text(row.title.text)
                    if let note = row.note { Text(note.text).font(.footnote) }
                    Text(Phrase("errand_until", day(row.expires)).text).font(.footnote).foregroundStyle(.secondary)
                }
                .accessibilityElement(children: .combine)
                if row.canDrop {
                    Button(Phrase("errand_drop").text) { act { try $0.dropErrand(id: row.id); return nil } }
                }
            }
        }
    }

    private func give(_ carrier: CarrierRow, _ partner: String) {
        guard let tally else { return }
        act { wallet in
            let given = try wallet.giveErrand(to: tally, by: carrier.id, within: ErrandsState.week)
            return ErrandsState.given(given, partner: partner, carrier: carrier.partner)
        }
    }

    private func act(_ verb: @escaping @Sendable (Wallet) throws -> Phrase?) {
        Task {
            do {
                let done = try await holding.wallet.run(verb)
                mishap = nil
                await look(done)
            } catch {
                mishap = Mishap(error)
            }
        }
    }

    private func look(_ done: Phrase?) async {
        do {
            state = try await holding.wallet.run { [tally] in
                ErrandsState(try $0.errands(), home: try $0.home(), carries: try $0.carriesErrands(), tally: tally, done: done)
            }
        } catch {
            mishap = Mishap(error)
        }
    }
}
