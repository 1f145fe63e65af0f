import HazelBridge
import HazelWallet
import SwiftUI
import WalletScreens

/// An answer to my invitation, or an offer: what would be signed, then yes or no.
struct OfferScreen: View {
    let holding: Holding
    let tally: String
    let partner: String
    @State private var state: OfferState?
    @State private var terms: TermsState?
    @State private var mishap: Mishap?
    @Environment(\.dismiss) private var dismiss

    var body: some View {
        Form {
            if let mishap { MishapText(mishap) }
            if let state {
                Section(Phrase("offer_from", state.partner).text) {
                    Lines(state.lines)
                    if state.isUnusual { Label(Phrase("offer_unusual").text, systemImage: "doc.text.magnifyingglass") }
                    Button(Phrase("offer_accept").text) { act { [tally] in try $0.accept(tally: tally, version: state.version) } }
                }
            } else if let terms {
                Section(Phrase("request_from", partner).text) {
                    TermsFields(state: Binding(get: { terms }, set: { self.terms = $0 }))
                    Button(Phrase("offer_make").text) { act { [tally] in try $0.offer(tally: tally, mine: terms.terms, theirs: nil) } }
                        .disabled(terms.terms == nil)
                }
            }
            Button(Phrase("offer_refuse").text, role: .destructive) { act { [tally] in try $0.refuse(tally: tally) } }
        }
        .navigationTitle(partner)
        .task { await read() }
    }

    private func read() async {
        do {
            let (stage, granted, offer) = try await holding.wallet.run { [tally] wallet in
                let line = try wallet.tally(tally: tally, page: PageOf(most: 1)).tally
                return (line.stage, line.granted, line.stage == .offeredToMe ? try wallet.offered(tally: tally) : nil)
            }
            state = offer.map(OfferState.init)
            if stage != .offeredToMe { terms = TermsState(granted) }
        } catch {
            mishap = Mishap(error)
        }
    }

    private func act(_ verb: @escaping @Sendable (Wallet) throws -> Void) {
        Task {
            do {
                try await holding.wallet.run(verb)
                dismiss()
            } catch {
                mishap = Mishap(error)
            }
        }
    }
}
