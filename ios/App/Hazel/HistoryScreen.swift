import HazelBridge
import HazelWallet
import SwiftUI
import WalletScreens

/// A tally's history, page after page, and as a table for a spreadsheet.
struct HistoryScreen: View {
    let holding: Holding
    let partner: String
    @State private var state: HistoryState
    @State private var table: String?
    @State private var mishap: Mishap?

    init(holding: Holding, tally: String, partner: String) {
        self.holding = holding
        self.partner = partner
        _state = State(initialValue: HistoryState(tally: tally))
    }

    var body: some View {
        List {
            if let mishap = mishap ?? state.mishap { MishapText(mishap) }
            Toggle(Phrase("history_payments").text, isOn: Binding(get: { state.paymentsOnly }, set: { narrow(payments: $0) }))
            ForEach(state.rows) { ChitLines(chit: $0) }
            if state.next != nil {
                Button(Phrase("history_more").text) { Task { await turn() } }
            }
            if let table {
                ShareLink(item: table) { Text(Phrase("export_share", HistoryState.fileName(partner)).text) }
            } else {
                Button(Phrase("export").text) { export() }
            }
        }
        .searchable(text: Binding(get: { state.text }, set: { narrow(text: $0) }), prompt: Phrase("history_search").text)
        .navigationTitle(Phrase("history").text)
        .task { await turn() }
    }

    private func narrow(text: String? = nil, payments: Bool? = nil) {
        guard text != nil && text != state.text || payments != nil && payments != state.paymentsOnly else { return }
        if let text { state.text = text }
        if let payments { state.paymentsOnly = payments }
        state.startOver()
        Task { await turn() }
    }

    private func turn() async {
        guard let (question, page) = state.next else { return }
        do {
            let chits = try await holding.wallet.run { [tally = state.tally] in try $0.history(tally: tally, page: page) }
            state.hear(chits, to: question)
        } catch {
            state.failed(error, to: question)
        }
    }

    private func export() {
        Task {
            do {
                table = try await holding.wallet.run { [tally = state.tally] in try $0.exportCsv(tally: tally) }
            } catch {
                mishap = Mishap(error)
            }
        }
    }
}
