//! x
use hazel_qr::luma::Luma; use hazel_qr::read; use hazel_tests::frames;
fn main(){ for (n,f) in frames::hard(1,5).enumerate(){ if f.kind!=std::env::args().nth(1).unwrap(){continue;} 
 let l=Luma::new(&f.luma,f.width,f.height,f.width).unwrap(); eprintln!("--- {n} v{} {}",f.version,f.width); let s=read::codes(&l); eprintln!("=> {}", s.len()); } }
