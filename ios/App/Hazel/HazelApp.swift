// The app. Its files have been compiled on Linux against a stand-in for SwiftUI (ios/App/Shims), and never by Xcode: what is drawn,
// nobody has seen yet. What is shown is WalletScreens' and tested.

import HazelWallet
import SwiftUI
import WalletScreens

@main
struct HazelApp: App {
    @StateObject private var pocket = Pocket()
    @Environment(\.scenePhase) private var phase

    var body: some Scene {
        WindowGroup {
            Root(pocket: pocket)
                .task { await pocket.begin() }
                .onOpenURL { pocket.opened(by: $0) }
                .onChange(of: phase) { pocket.phase(isActive: phase == .active, isBackground: phase == .background) }
        }
    }
}

/// The first start, or the wallet.
struct Root: View {
    @ObservedObject var pocket: Pocket

    var body: some View {
        if let holding = pocket.holding {
            HomeScreen(pocket: pocket, holding: holding)
        } else if pocket.isNew {
            FirstStartScreen(pocket: pocket)
        } else if let mishap = pocket.opening.mishap {
            VStack(spacing: 16) {
                MishapText(mishap)
                Button(Phrase("again").text) { Task { await pocket.begin() } }
                // Another finger was enrolled, or the key is gone: only the words bring it back.
                if pocket.opening.isLost { Button(Phrase("welcome_restore").text) { pocket.bringBack() } }
            }
            .padding()
        } else {
            Text(Phrase("opening").text)
        }
    }
}
