import Foundation
import SwiftUI
import WalletScreens

/// A code over the whole screen: black on white, in dark mode too, since cameras expect it so.
struct CodeScreen: View {
    @State var state: CodeState
    @State private var mishap: Mishap?
    @Environment(\.dismiss) private var dismiss

    var body: some View {
        VStack(spacing: 16) {
            Text(state.title.text).font(.title2).foregroundStyle(.black)
            Canvas { context, size in
                let square = (min(size.width, size.height) / Double(state.side)).rounded(.down)
                for row in 0..<state.side {
                    for run in state.runs(row) {
                        let place = CGRect(
                            x: Double(run.from) * square, y: Double(row) * square, width: Double(run.length) * square, height: square)
                        context.fill(Path(place), with: .color(.black))
                    }
                }
            }
            .aspectRatio(1, contentMode: .fit)
            .accessibilityElement(children: .ignore)
            .accessibilityLabel(Phrase("code_spoken", state.title.text).text)
            if let progress = state.progress { Text(progress.text).monospacedDigit().foregroundStyle(.black) }
            if let mishap { MishapText(mishap).foregroundStyle(.black) }
            if let link = state.link { ShareLink(item: link) { Text(Phrase("share_link").text) } }
            Button(Phrase("done").text) { dismiss() }
        }
        .padding()
        .frame(maxWidth: .infinity, maxHeight: .infinity)
        .background(Color.white)
        .staysAwake()
        .task { await move() }
    }

    /// Frame after frame, for as long as the code is there.
    private func move() async {
        while state.isMoving, !Task.isCancelled {
            try? await Task.sleep(nanoseconds: UInt64(CodeState.frameMilliseconds) * 1_000_000)
            do {
                try state.step()
            } catch {
                mishap = Mishap(error)
                return
            }
        }
    }
}

#if canImport(UIKit)
import UIKit
#endif

extension View {
    /// The screen stays lit while a code is on it.
    func staysAwake() -> some View {
        #if canImport(UIKit)
            onAppear { UIApplication.shared.isIdleTimerDisabled = true }
                .onDisappear { UIApplication.shared.isIdleTimerDisabled = false }
        #else
            self
        #endif
    }
}
