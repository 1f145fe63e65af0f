import HazelWallet
import SwiftUI
import WalletScreens

/// Every tally, also those that are over.
struct TalliesScreen: View {
    @ObservedObject var pocket: Pocket
    let holding: Holding
    @State private var state: HomeState?
    @State private var mishap: Mishap?

    var body: some View {
        List {
            if let mishap { MishapText(mishap) }
            if let state {
                TalliesSection(title: Phrase("home_tallies"), rows: state.tallies) { page($0, state) }
                TalliesSection(title: Phrase("tallies_closed"), rows: state.closed) { page($0, state) }
            }
        }
        .navigationTitle(Phrase("tallies_all").text)
        .task {
            do {
                for try await home in holding.wallet.home() { state = HomeState(home) }
            } catch {
                mishap = Mishap(error)
            }
        }
    }

    private func page(_ row: TallyRow, _ state: HomeState) -> TallyScreen {
        TallyScreen(pocket: pocket, holding: holding, tally: row.id, partner: row.partner, hasRoot: state.hasRoot)
    }
}

/// Tallies under a title; nothing if there are none.
struct TalliesSection: View {
    let title: Phrase
    let rows: [TallyRow]
    let page: (TallyRow) -> TallyScreen

    init(title: Phrase, rows: [TallyRow], page: @escaping (TallyRow) -> TallyScreen) {
        self.title = title
        self.rows = rows
        self.page = page
    }

    var body: some View {
        if !rows.isEmpty {
            Section(title.text) {
                ForEach(rows) { row in
                    NavigationLink(destination: { page(row) }, label: { line(row) })
                }
            }
        }
    }

    private func line(_ row: TallyRow) -> some View {
        VStack(alignment: .leading, spacing: 2) {
            HStack {
                Text(row.partner)
                Spacer()
                Text(row.amount).monospacedDigit()
            }
            Text(row.direction.text).font(.footnote).foregroundStyle(.secondary)
            if let note = row.note { Text(note.text).font(.footnote).foregroundStyle(.secondary) }
        }
        .accessibilityElement(children: .combine)
    }
}
